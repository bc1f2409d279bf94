"""The bot as it runs: web face and worker in processes of their own, beside a real Redis and the embedded forge. No runner."""

import base64
import hashlib
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import redis

from tests.builders import IMAGE
from tests.fakes.localforge import LocalForge, local_forge
from tests.stage import forge as shop_forge
from tests.stage import shop
from tests.stage.keys import make_keys
from tests.stage.people import Cast
from tests.support.process import Child, free_port
from tests.support.redis import RedisServer, redis_server
from tests.support.veiled import key_file

ROOT = Path(__file__).parents[2]
PAGES_TOKEN = "pages-token-0123456789"


@dataclass(slots=True)
class Office:
    """A running bot with everything around it but runners. `sent` tells what runners would be asked."""

    folder: Path
    url: str
    forge: LocalForge
    redis: RedisServer
    cast: Cast
    environment: dict[str, str]
    secrets: shop_forge.Secrets
    processes: dict[str, Child]

    def start(self, role: str) -> Child:
        """Start the web face (`serve`) or the worker."""
        argv = [sys.executable, "-m", "bot.cli", role]
        child = Child(argv, log=self.folder / f"{role}.log", environment=self.environment, folder=ROOT)
        self.processes[role] = child
        if role == "serve":
            child.wait_for(self.ready, seconds=120)
        return child

    def ready(self) -> bool:
        """Say whether the web face is there and finds what it leans on."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def sent(self, queue: str) -> list[dict[str, object]]:
        """Give the requests that wait in a runners' queue, oldest first; they stay there."""
        with redis.Redis.from_url(self.redis.url) as client:
            raw = client.lrange(queue, 0, -1)
        messages = [json.loads(item) for item in reversed(list(raw))]
        return [json.loads(base64.b64decode(message["body"]))[0][0] for message in messages]

    def comment(self, iid: int) -> str:
        """Give the bot's comment on a merge request; nothing where there is none."""
        notes = self.cast.change("lea", iid).notes.list(get_all=True)
        ours = [str(note.body) for note in notes if "countersign:bot" in note.body and not note.system]
        assert len(ours) <= 1, "the bot has one comment"
        return ours[0] if ours else ""

    def stop(self) -> None:
        """Stop what was started."""
        for child in self.processes.values():
            child.stop()


@contextmanager
def bot_office(folder: Path) -> Iterator[Office]:
    """Run a bot for as long as the context lasts.

    Raises:
        UnusableError: a part is missing or did not start.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with redis_server() as memory, local_forge(folder / "forge") as local:
        tokens = shop_forge.people(local.url, local.admin_token)
        shop_forge.furnish(local.url, local.admin_token, shop.files(image=IMAGE))
        _, allowed = make_keys(folder, shop.ENVIRONMENTS, since=datetime.now(UTC) - timedelta(minutes=1))  # noqa: TID251 - a key for real processes
        hooks = shop_forge.Secrets(secrets.token_urlsafe(32), f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
        agent = secrets.token_urlsafe(32)
        digest = hashlib.sha256(agent.encode()).hexdigest()
        entry = {"id": shop.AGENT, "token_sha256": digest, "projects": [shop.PROJECT], "sponsors": [shop.SPONSOR]}
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {
            "COUNTERSIGN_BOT_FORGE_URL": local.url,
            "COUNTERSIGN_BOT_FORGE_TOKEN": tokens["countersign-bot"],
            "COUNTERSIGN_BOT_REDIS_URL": memory.url,
            "COUNTERSIGN_BOT_WEBHOOK_TOKEN": hooks.hook_token,
            "COUNTERSIGN_BOT_WEBHOOK_SIGNING_SECRET": hooks.signing_token,
            "COUNTERSIGN_BOT_PROJECTS": shop.PROJECT,
            "COUNTERSIGN_BOT_AGENTS_FILE": _file(folder / "agents.json", json.dumps({"agents": [entry]})),
            "COUNTERSIGN_BOT_PUBLIC_URL": url,
            "COUNTERSIGN_BOT_LISTEN_PORT": str(port),
            "COUNTERSIGN_BOT_STATE_DIR": str(folder / "bot"),
            "COUNTERSIGN_BOT_TRUST_ROOT_FILE": str(allowed),
            "COUNTERSIGN_BOT_RECONCILE_SECONDS": "2",
            "COUNTERSIGN_BOT_AUDIT_PAGES_TOKEN_FILE": _file(folder / "pages-token", PAGES_TOKEN),
            "COUNTERSIGN_BOT_TOKENS_KEY_FILE": str(key_file(folder)),
        }
        office = Office(folder, url, local, memory, Cast(local.url, url, tokens, agent), environment, hooks, {})
        try:
            for role in ("serve", "worker"):
                office.start(role)
            shop_forge.hook(local.url, local.admin_token, url, hooks)
            yield office
        finally:
            office.stop()


def _file(path: Path, text: str) -> str:
    path.touch(0o600)
    path.write_text(text)
    return str(path)
