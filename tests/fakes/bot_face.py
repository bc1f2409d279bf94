"""The bot's web face on fakes: real routes and real rules, with memory, queue, forge and git in memory."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field

import anyio
import httpx

from bot.agents import Agents
from bot.app import make_app
from bot.door import Door
from bot.health import Readiness
from bot.metrics import Metrics
from bot.proposals import Desk, find_identity
from bot.reception import Reception
from bot.routes import Face
from bot.standing import Standing
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import Fault
from tests.builders import NOON
from tests.fakes.bot import FakeDeliveries, FakeKeys, FakeQueue
from tests.fakes.branches import FakeBranches
from tests.fakes.forge import FakeForge
from tests.fakes.forge_world import ForgeWorld
from tests.fakes.ledger import FakeLedger
from tests.fakes.repository import FakeRepository
from tests.support.hooks import OTHER, SECRET, Delivery
from tests.support.veiled import veil

AGENT_TOKEN, BAKER_TOKEN = "agent-token-0123456789-abcdef", "baker-token-0123456789-abcdef"


def agents_file() -> dict[str, object]:
    """Give an agents file of two agents: one of the shop, one of the bakery."""
    return {
        "agents": [
            {"id": name, "token_sha256": hashlib.sha256(token.encode()).hexdigest(), "projects": [project], "sponsors": sponsors}
            for name, token, project, sponsors in (
                ("shop-agent", AGENT_TOKEN, "acme/shop", ["sam", "dana"]),
                ("baker", BAKER_TOKEN, "acme/bakery", ["bea"]),
            )
        ]
    }


@dataclass
class FakeFace:
    """A whole web face. Tests look at `queue`, `world` and `repository` to see what requests did."""

    deliveries: FakeDeliveries = field(default_factory=FakeDeliveries)
    keys: FakeKeys = field(default_factory=FakeKeys)
    queue: FakeQueue = field(default_factory=FakeQueue)
    repository: FakeRepository = field(default_factory=FakeRepository)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    metrics: Metrics = field(default_factory=Metrics)
    now: float = 0

    def __post_init__(self) -> None:
        self.world = ForgeWorld(clock=lambda: NOON)
        self.forge = FakeForge(self.world, me="countersign-bot")
        me = self.forge.me
        self.world.emails[f"{me.id}-{me.username}@users.noreply.forge.example"] = {me.id}
        self.branches = FakeBranches(self.repository, self.world)
        self.app = make_app(self.face())

    def face(self) -> Face:
        return Face(
            door=Door([SECRET, OTHER], "main", self.deliveries, self.queue, lambda: NOON),
            reception=Reception(
                agents=Agents.parse(json.dumps(agents_file()).encode()),
                keys=self.keys,
                desk=self._desk,
                standing=lambda ref: Standing(self.forge.change(ref), self.ledger.of_change(ref)),
            ),
            readiness=Readiness({"redis": self.queue.answer, "forge": self.forge.whoami}, ticks=lambda: self.now),
            metrics=self.metrics,
            ticks=lambda: self.now,
            public_url="http://bot.example",
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[bytes, bytes]] = (),
        body: bytes | Iterable[bytes] = b"",
        within: float = 20,
    ) -> httpx.Response:
        """Send one request; a body in pieces goes without a length."""

        async def pieces(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
            for part in parts:
                yield part

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://bot.example") as client:
                content = body if isinstance(body, bytes) else pieces(body)
                given = headers if isinstance(headers, Mapping) else list(headers)
                with anyio.fail_after(within):
                    return await client.request(method, path, headers=given, content=content)

        return anyio.run(send)

    def deliver(self, delivery: Delivery, **altered: str | None) -> httpx.Response:
        """Deliver a webhook; `altered` replaces headers, None leaves one out."""
        return self.ask("POST", "/webhooks/gitlab", headers=delivery.raw(**altered), body=delivery.body)

    def propose(
        self, document: object, *, token: str | None = AGENT_TOKEN, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Hand in a proposal."""
        given = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.ask("POST", "/v1/proposals", headers=given, body=body)

    def change(self, response: httpx.Response) -> ChangeRef:
        """Give the change that an accepted proposal became."""
        document = response.json()
        return ChangeRef(document["project"], document["iid"])

    def _desk(self, project: str) -> Desk:
        if project != "acme/shop":
            raise Fault("no such room here")
        return Desk(
            forge=self.forge,
            objects=self.repository,
            branches=self.branches,
            branch="main",
            identity=lambda: find_identity(self.forge, email=None, host="forge.example"),
            key=veil().key,
        )
