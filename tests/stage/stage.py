"""Starts a whole installation on loopback and stops it: forge, Redis, two PostgreSQL, STS and S3, bot, two runners.

Every part is the real one, in a process of its own, configured as in production: through its environment and its files.
"""

import base64
import hashlib
import json
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.localforge import LocalForge, local_forge
from tests.stage import forge, shop
from tests.stage.keys import TOKENS_KEY, make_keys, make_tokens_key
from tests.stage.people import Cast
from tests.stage.runners import Shared, environment_of, secret, targets_of
from tests.support.moto import MotoServer, moto_server
from tests.support.podman import sandbox_host, tools_image
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.process import Child, free_port
from tests.support.redis import RedisServer, redis_server

ROOT = Path(__file__).parents[2]
Say = Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """A running installation. A public one can be cloned by anybody."""

    folder: Path
    public: bool
    forge: LocalForge
    redis: RedisServer
    postgres: dict[str, PostgresServer]
    moto: MotoServer
    reader: dict[str, str]
    image: str
    cast: Cast
    allowed_signers: Path
    runner_environment: dict[str, dict[str, str]]
    runners: dict[str, Child] = field(default_factory=dict)

    @property
    def clone_url(self) -> str:
        """Give the address to clone from: as it is where everybody may, else with a token of somebody at the shop in it."""
        url = f"{self.forge.url}/{shop.PROJECT}.git"
        return url if self.public else url.replace("://", f"://oauth2:{self.cast.tokens['lea']}@", 1)

    def start_runner(self, environment: str) -> Child:
        """Start the runner of an environment."""
        child = Child(
            [sys.executable, "-m", "runners.cli", "work"],
            log=self.folder / f"runner-{environment}.log",
            environment=self.runner_environment[environment],
            folder=ROOT,
        )
        self.runners[environment] = child
        return child

    def stop_runners(self) -> None:
        """Stop every runner that was started."""
        for child in self.runners.values():
            child.stop()

    def another_runner(self, environment: str) -> Child:
        """Start a second runner of an environment, on a state folder of its own, as on a second host."""
        folder = self.folder / f"runner-{environment}-2"
        return Child(
            [sys.executable, "-m", "runners.cli", "work"],
            log=self.folder / f"runner-{environment}-2.log",
            environment={**self.runner_environment[environment], "COUNTERSIGN_RUNNER_STATE_DIR": str(folder)},
            folder=ROOT,
        )

    def runner_says(self, environment: str, *command: str) -> str:
        """Run a command of `countersign-runner` as the runner of an environment; give the last line that it prints."""
        with Child(
            [sys.executable, "-m", "runners.cli", *command],
            log=self.folder / f"runner-{environment}-{command[0]}.log",
            environment=self.runner_environment[environment],
            folder=ROOT,
        ) as child:
            assert child.wait(seconds=120) == 0, child.written()
            return child.written().splitlines()[-1]

    def card(self) -> dict[str, Any]:
        """Give all that a visitor needs to look for himself."""
        return {
            "admin_token": self.forge.admin_token,
            "agent_token": self.cast.agent_token,
            "allowed_signers": str(self.allowed_signers),
            "bot": self.cast.bot,
            "bucket": {"endpoint": self.moto.url, **self.reader},
            "clone_url": self.clone_url,
            "databases": {f"shop_{name}": self.postgres[name].dsn(database=f"shop_{name}") for name in shop.ENVIRONMENTS},
            "forge": self.forge.url,
            "image": self.image,
            "tokens": self.cast.tokens,
        }


@contextmanager
def stage(folder: Path, *, say: Say = lambda _: None, demo: bool = False) -> Iterator[Stage]:
    """Run an installation for as long as the context lasts.

    With `demo`, visitors of the forge look and clone without an account, and sign in with one click.

    Raises:
        UnusableError: a part is missing or did not start; the text says what to do.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        say("container host: rootless podman, tools image")
        socket = sandbox_host()
        image = tools_image()
        say("embedded forge, a PostgreSQL for each environment, Redis, and an STS with S3")
        local = stack.enter_context(local_forge(folder / "forge", *(["--demo"] if demo else [])))
        postgres = {environment: stack.enter_context(postgres_server()) for environment in shop.ENVIRONMENTS}
        redis = stack.enter_context(redis_server())
        moto = stack.enter_context(moto_server())
        tokens = forge.people(local.url, local.admin_token)
        keys, allowed = make_keys(folder, shop.ENVIRONMENTS, since=datetime.now(UTC) - timedelta(minutes=1))  # noqa: TID251 - as above
        shared = Shared(folder, local.url, redis.url, socket, allowed, make_tokens_key(folder))
        bot, agent_token = f"http://127.0.0.1:{free_port()}", secrets.token_urlsafe(32)
        running = Stage(
            folder=folder,
            public=demo,
            forge=local,
            redis=redis,
            postgres=postgres,
            moto=moto,
            reader=moto.reader(),
            image=image,
            cast=Cast(local.url, bot, tokens, agent_token),
            allowed_signers=allowed,
            runner_environment={
                environment: environment_of(
                    shared,
                    environment,
                    token=tokens[shop.RUNNERS[environment]],
                    key=keys[environment],
                    targets=targets_of(environment, postgres[environment], moto),
                )
                for environment in shop.ENVIRONMENTS
            },
        )
        stack.callback(running.stop_runners)
        say("runners for staging and production, each with credentials of its own: they prove their sandbox meanwhile")
        for environment in shop.ENVIRONMENTS:
            running.start_runner(environment)
        say("the shop in the forge, bot and its worker")
        hooks = forge.Secrets(secrets.token_urlsafe(32), f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
        parts = _start_bot(stack, running, hooks)
        forge.furnish(local.url, local.admin_token, shop.files(image=image), public=demo)
        forge.hook(local.url, local.admin_token, bot, hooks)
        parts["serve"].wait_for(lambda: _ready(bot), seconds=120)
        yield running


def _start_bot(stack: ExitStack, running: Stage, hooks: forge.Secrets) -> dict[str, Child]:
    folder = running.folder
    agents = {
        "agents": [
            {
                "id": shop.AGENT,
                "token_sha256": hashlib.sha256(running.cast.agent_token.encode()).hexdigest(),
                "projects": [shop.PROJECT],
                "sponsors": [shop.SPONSOR],
            }
        ]
    }
    environment = {
        "COUNTERSIGN_BOT_FORGE_URL": running.forge.url,
        "COUNTERSIGN_BOT_FORGE_TOKEN_FILE": secret(folder / "bot.token", running.cast.tokens[shop.BOT]),
        "COUNTERSIGN_BOT_REDIS_URL": running.redis.url,
        "COUNTERSIGN_BOT_WEBHOOK_TOKEN_FILE": secret(folder / "hook.token", hooks.hook_token),
        "COUNTERSIGN_BOT_WEBHOOK_SIGNING_SECRET_FILE": secret(folder / "hook.signing", hooks.signing_token),
        "COUNTERSIGN_BOT_PROJECTS": shop.PROJECT,
        "COUNTERSIGN_BOT_AGENTS_FILE": secret(folder / "agents.json", json.dumps(agents)),
        "COUNTERSIGN_BOT_AUDIT_PAGES_TOKEN_FILE": secret(folder / "pages.token", secrets.token_hex(32)),
        "COUNTERSIGN_BOT_MACHINE_ACCOUNTS": ",".join(shop.RUNNERS.values()),
        "COUNTERSIGN_BOT_PUBLIC_URL": running.cast.bot,
        "COUNTERSIGN_BOT_LISTEN_PORT": running.cast.bot.rsplit(":", 1)[1],
        "COUNTERSIGN_BOT_STATE_DIR": str(folder / "bot"),
        "COUNTERSIGN_BOT_TRUST_ROOT_FILE": str(running.allowed_signers),
        "COUNTERSIGN_BOT_TOKENS_KEY_FILE": str(folder / TOKENS_KEY),
    }
    return {
        role: stack.enter_context(
            Child([sys.executable, "-m", "bot.cli", role], log=folder / f"bot-{role}.log", environment=environment, folder=ROOT)
        )
        for role in ("serve", "worker")
    }


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
