"""Gives each environment's runner what is its own: forge account, signing key, database server with an admin role, targets.

What staging's runner holds opens nothing in production: neither an address nor a credential of it is in its files. On the stage
both run as one user of one machine and share a container engine; in production each has a host of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.stage import shop
from tests.support.moto import MotoServer
from tests.support.postgres import PostgresServer

_FIRST = Path(__file__).parent / "shop/repository/db/production/shop/V1__orders.sql"


@dataclass(frozen=True, slots=True)
class Shared:
    """What the runners of an installation have in common, secrets apart."""

    folder: Path
    forge: str
    redis: str
    socket: Path
    trust_root: Path
    tokens_key: Path


def environment_of(shared: Shared, environment: str, *, token: str, key: Path, targets: Mapping[str, object]) -> dict[str, str]:
    """Give one runner's environment variables; write its token and its targets to files of its own."""
    others = [account for name, account in shop.RUNNERS.items() if name != environment]
    return {
        "COUNTERSIGN_RUNNER_FORGE_URL": shared.forge,
        "COUNTERSIGN_RUNNER_FORGE_TOKEN_FILE": secret(shared.folder / f"runner-{environment}.token", token),
        "COUNTERSIGN_RUNNER_BOT_ACCOUNT": shop.BOT,
        "COUNTERSIGN_RUNNER_MACHINE_ACCOUNTS": ",".join(others),
        "COUNTERSIGN_RUNNER_PROJECTS": shop.PROJECT,
        "COUNTERSIGN_RUNNER_ENVIRONMENTS": environment,
        "COUNTERSIGN_RUNNER_REDIS_URL": shared.redis,
        "COUNTERSIGN_RUNNER_STATE_DIR": str(shared.folder / f"runner-{environment}"),
        "COUNTERSIGN_RUNNER_SIGNING_KEY_FILE": str(key),
        "COUNTERSIGN_RUNNER_TRUST_ROOT_FILE": str(shared.trust_root),
        "COUNTERSIGN_RUNNER_TARGETS_FILE": secret(shared.folder / f"targets-{environment}.json", json.dumps(targets)),
        "COUNTERSIGN_RUNNER_CONTAINER_SOCKET": str(shared.socket),
        "COUNTERSIGN_RUNNER_TOKENS_KEY_FILE": str(shared.tokens_key),
        "COUNTERSIGN_RUNNER_HEARTBEATS": "false",  # tests count records, and hours end in the middle of one
    }


def targets_of(environment: str, postgres: PostgresServer, moto: MotoServer) -> dict[str, object]:
    """Make what an environment's runner works on: the shop's database on its own server, and in production the page's bucket."""
    server = f"db.{environment}.shop.example"
    targets: dict[str, object] = {"postgres": {f"{server}:5432": _database(environment, postgres)}}
    resolve: dict[str, tuple[str, int]] = {server: (postgres.host, postgres.port)}
    if environment == "production":
        bucket = moto.add_site(shop.BUCKET, role="shop-site-production")
        targets["aws"] = {**bucket, "sandbox_endpoint": "http://aws.shop.example:5000"}
        resolve["aws.shop.example"] = ("127.0.0.1", moto.port)
    return {**targets, "resolve": resolve}


def secret(path: Path, text: str) -> str:
    """Write a file that its owner alone can read; give its path."""
    path.touch(0o600)
    path.write_text(text)
    return str(path)


def _database(environment: str, postgres: PostgresServer) -> str:
    """Make the shop's database with the tables of its first migration; give the connection string of this server's admin role."""
    migrator = f"shop_{environment}_migrator"
    admin = postgres.make_admin(migrator)
    postgres.make_database(f"shop_{environment}", owner=migrator)
    postgres.run_as(migrator, _FIRST.read_text(), database=f"shop_{environment}")
    return admin
