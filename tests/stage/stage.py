"""Starts a whole installation on loopback and stops it: forge, Redis, PostgreSQL, STS and S3, bot, two runners.

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
from tests.stage.keys import make_keys
from tests.stage.people import Cast
from tests.support.moto import MotoServer, moto_server
from tests.support.podman import sandbox_host, tools_image
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.process import Child, free_port
from tests.support.redis import RedisServer, redis_server

ROOT = Path(__file__).parents[2]
Say = Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """A running installation."""

    folder: Path
    forge: LocalForge
    redis: RedisServer
    postgres: PostgresServer
    moto: MotoServer
    reader: dict[str, str]
    image: str
    cast: Cast
    allowed_signers: Path
    runner_environment: dict[str, dict[str, str]]
    runners: dict[str, Child] = field(default_factory=dict)

    @property
    def clone_url(self) -> str:
        """Give the address that anybody at the shop clones from."""
        return f"{self.forge.url}/{shop.PROJECT}.git"

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

    def card(self) -> dict[str, Any]:
        """Give all that a visitor needs to look for himself."""
        return {
            "admin_token": self.forge.admin_token,
            "agent_token": self.cast.agent_token,
            "allowed_signers": str(self.allowed_signers),
            "bot": self.cast.bot,
            "bucket": {"endpoint": self.moto.url, **self.reader},
            "clone_url": self.clone_url,
            "databases": {f"shop_{name}": self.postgres.dsn(database=f"shop_{name}") for name in shop.ENVIRONMENTS},
            "forge": self.forge.url,
            "image": self.image,
            "tokens": self.cast.tokens,
        }


@contextmanager
def stage(folder: Path, *, say: Say = lambda _: None, demo: bool = False) -> Iterator[Stage]:
    """Run an installation for as long as the context lasts. With `demo`, visitors of the forge sign in with one click.

    Raises:
        UnusableError: a part is missing or did not start; the text says what to do.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        say("container host: rootless podman, tools image")
        socket = sandbox_host()
        image = tools_image()
        say("PostgreSQL, Redis, and an STS with S3")
        postgres = stack.enter_context(postgres_server())
        redis = stack.enter_context(redis_server())
        moto = stack.enter_context(moto_server())
        say("embedded forge, and the shop in it")
        local = stack.enter_context(local_forge(folder / "forge", *(["--demo"] if demo else [])))
        tokens = forge.furnish(local.url, local.admin_token, shop.files(image=image))
        private, allowed = make_keys(folder, since=datetime.now(UTC) - timedelta(minutes=1))  # noqa: TID251 - as above
        hooks = forge.Secrets(secrets.token_urlsafe(32), f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
        agent_token = secrets.token_urlsafe(32)
        say("bot and its worker")
        bot = _start_bot(stack, folder, local, redis, tokens, hooks, agent_token)
        forge.hook(local.url, local.admin_token, bot, hooks)
        running = Stage(
            folder=folder,
            forge=local,
            redis=redis,
            postgres=postgres,
            moto=moto,
            reader=moto.reader(),
            image=image,
            cast=Cast(local.url, bot, tokens, agent_token),
            allowed_signers=allowed,
            runner_environment=_runner_environments(folder, local, redis, postgres, moto, socket, tokens, private, allowed),
        )
        stack.callback(running.stop_runners)
        say("runners for staging and production, each with credentials of its own")
        for environment in shop.ENVIRONMENTS:
            running.start_runner(environment)
        yield running


def _start_bot(
    stack: ExitStack,
    folder: Path,
    local: LocalForge,
    redis: RedisServer,
    tokens: dict[str, str],
    hooks: forge.Secrets,
    agent_token: str,
) -> str:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    agents = {
        "agents": [
            {
                "id": shop.AGENT,
                "token_sha256": hashlib.sha256(agent_token.encode()).hexdigest(),
                "projects": [shop.PROJECT],
                "sponsors": [shop.SPONSOR],
            }
        ]
    }
    environment = {
        "COUNTERSIGN_BOT_FORGE_URL": local.url,
        "COUNTERSIGN_BOT_FORGE_TOKEN_FILE": _secret(folder / "bot.token", tokens["countersign-bot"]),
        "COUNTERSIGN_BOT_REDIS_URL": redis.url,
        "COUNTERSIGN_BOT_WEBHOOK_TOKEN_FILE": _secret(folder / "hook.token", hooks.hook_token),
        "COUNTERSIGN_BOT_WEBHOOK_SIGNING_SECRET_FILE": _secret(folder / "hook.signing", hooks.signing_token),
        "COUNTERSIGN_BOT_PROJECTS": shop.PROJECT,
        "COUNTERSIGN_BOT_AGENTS_FILE": _secret(folder / "agents.json", json.dumps(agents)),
        "COUNTERSIGN_BOT_PUBLIC_URL": url,
        "COUNTERSIGN_BOT_LISTEN_PORT": str(port),
        "COUNTERSIGN_BOT_STATE_DIR": str(folder / "bot"),
        "COUNTERSIGN_BOT_TRUST_ROOT_FILE": str(folder / "allowed_signers"),
    }
    for role in ("serve", "worker"):
        argv = [sys.executable, "-m", "bot.cli", role]
        child = stack.enter_context(Child(argv, log=folder / f"bot-{role}.log", environment=environment, folder=ROOT))
        if role == "serve":
            child.wait_for(lambda: _ready(url), seconds=30)
    return url


def _runner_environments(
    folder: Path,
    local: LocalForge,
    redis: RedisServer,
    postgres: PostgresServer,
    moto: MotoServer,
    socket: Path,
    tokens: dict[str, str],
    private: Path,
    allowed: Path,
) -> dict[str, dict[str, str]]:
    """Give each runner its own environment and targets file: staging's runner does not even know production's address."""
    admin = _databases(postgres)
    bucket = moto.add_site(shop.BUCKET, role="shop-site-production")
    environments: dict[str, dict[str, str]] = {}
    for environment in shop.ENVIRONMENTS:
        server = f"db.{environment}.shop.example"
        targets: dict[str, object] = {
            "postgres": {f"{server}:5432": admin},
            "resolve": {server: [postgres.host, postgres.port]},
        }
        if environment == "production":
            targets["aws"] = {**bucket, "sandbox_endpoint": "http://aws.shop.example:5000"}
            targets["resolve"] = {server: [postgres.host, postgres.port], "aws.shop.example": ["127.0.0.1", moto.port]}
        environments[environment] = {
            "COUNTERSIGN_RUNNER_FORGE_URL": local.url,
            "COUNTERSIGN_RUNNER_FORGE_TOKEN_FILE": _secret(folder / "runner.token", tokens["countersign-runner"]),
            "COUNTERSIGN_RUNNER_BOT_ACCOUNT": "countersign-bot",
            "COUNTERSIGN_RUNNER_PROJECTS": shop.PROJECT,
            "COUNTERSIGN_RUNNER_ENVIRONMENTS": environment,
            "COUNTERSIGN_RUNNER_REDIS_URL": redis.url,
            "COUNTERSIGN_RUNNER_STATE_DIR": str(folder / f"runner-{environment}"),
            "COUNTERSIGN_RUNNER_SIGNING_KEY_FILE": str(private),
            "COUNTERSIGN_RUNNER_TRUST_ROOT_FILE": str(allowed),
            "COUNTERSIGN_RUNNER_TARGETS_FILE": _secret(folder / f"targets-{environment}.json", json.dumps(targets)),
            "COUNTERSIGN_RUNNER_CONTAINER_SOCKET": str(socket),
        }
    return environments


def _databases(postgres: PostgresServer) -> str:
    """Make the shop's two databases with the tables of its first migration; give the broker's admin connection string."""
    groups = [f"shop_{environment}_migrator" for environment in shop.ENVIRONMENTS]
    admin = postgres.make_admin(*groups)
    postgres.execute(
        "CREATE DATABASE shop_staging OWNER shop_staging_migrator",
        "CREATE DATABASE shop_production OWNER shop_production_migrator",
        "REVOKE CONNECT ON DATABASE shop_staging, shop_production FROM PUBLIC",
    )
    first = (ROOT / "tests/stage/shop/repository/db/production/shop/V1__orders.sql").read_text()
    for environment in shop.ENVIRONMENTS:
        postgres.run_as(f"shop_{environment}_migrator", first, database=f"shop_{environment}")
    return admin


def _secret(path: Path, text: str) -> str:
    path.touch(0o600)
    path.write_text(text)
    return str(path)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
