"""A real PostgreSQL for one test run or one demo: made from nothing in about a second, thrown away after.

Loopback only, SCRAM passwords only, every statement in the log (so that tests can look for secrets in it). Durability is off.
"""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.conninfo import make_conninfo

from tests.support.process import Child, UnusableError, binary, free_port, run

_OWNER = "postgres"
"""PostgreSQL refuses to run as root; Debian's package brings this account."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "40",
    "log_statement": "all",
    "password_encryption": "scram-sha-256",
}
_TRIES = 3


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server. `log` is its log file; `password` the superuser's."""

    port: int
    log: Path
    password: str
    host: str = "127.0.0.1"

    @property
    def address(self) -> str:
        """Give `host:port`, as scopes name it."""
        return f"{self.host}:{self.port}"

    def dsn(self, *, user: str = "postgres", password: str | None = None, database: str = "postgres") -> str:
        """Give a DSN; without a user, the superuser's."""
        secret = self.password if password is None else password
        return make_conninfo(host=self.host, port=self.port, user=user, password=secret, dbname=database, connect_timeout=5)

    def execute(self, *statements: LiteralString, database: str = "postgres") -> None:
        """Run statements as the superuser, each on its own."""
        with psycopg.connect(self.dsn(database=database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def ask(self, query: LiteralString, *parameters: object, database: str = "postgres") -> list[tuple[object, ...]]:
        """Give a query's rows, asked as the superuser."""
        with psycopg.connect(self.dsn(database=database), autocommit=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def run_as(self, role: str, script: str, *, database: str = "postgres") -> None:
        """Run a script of statements as a role, all of it or nothing; what it makes belongs to that role."""
        with psycopg.connect(self.dsn(database=database)) as connection:
            connection.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(role)))
            connection.execute(script.encode())

    def make_database(self, name: str, *, owner: str) -> None:
        """Make a database into which its owner and superusers alone can log in."""
        database, role = psycopg.sql.Identifier(name), psycopg.sql.Identifier(owner)
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
            connection.execute(psycopg.sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(database))

    def make_admin(self, *groups: str) -> str:
        """Make the role that the broker works as, with no more than docs/brokers.md asks for, and give its DSN.

        `groups` are group roles that it may hand out; each is made too (NOLOGIN).
        """
        password = secrets.token_urlsafe(16)
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            verifier = connection.pgconn.encrypt_password(password.encode(), b"countersign_admin", b"scram-sha-256").decode()
            create = psycopg.sql.SQL("CREATE ROLE countersign_admin LOGIN CREATEROLE PASSWORD {}").format(verifier)
            connection.execute(create)
            connection.execute("GRANT pg_signal_backend TO countersign_admin")
            for group in map(psycopg.sql.Identifier, groups):
                connection.execute(psycopg.sql.SQL("CREATE ROLE {} NOLOGIN").format(group))
                connection.execute(psycopg.sql.SQL("GRANT {} TO countersign_admin WITH ADMIN OPTION").format(group))
        return self.dsn(user="countersign_admin", password=password)


@contextmanager
def postgres_server(**more: str) -> Iterator[PostgresServer]:
    """Run a new server for as long as the context lasts, with more settings of `postgresql.conf` where some are given.

    Raises:
        UnusableError: PostgreSQL is not installed or did not start; the text says what to do.
    """
    folder = Path(tempfile.mkdtemp(prefix="cs-pg-"))
    try:
        password = secrets.token_urlsafe(16)
        data = _cluster(folder, password)
        server, child = _start(folder, data, password, more)
        with child:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> list[str]:
    """Give Debian's folders, newest version first."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return [str(folder) for folder in sorted(folders, key=lambda folder: float(folder.parent.name), reverse=True)]


def _cluster(folder: Path, password: str) -> Path:
    pwfile = folder / "superuser"
    pwfile.touch(0o600)
    pwfile.write_text(password)
    if os.geteuid() == 0:
        try:
            shutil.chown(pwfile, _OWNER, _OWNER)
            shutil.chown(folder, _OWNER, _OWNER)
        except LookupError:
            raise UnusableError(f"there is no account {_OWNER!r} to run PostgreSQL as; run `make setup`") from None
    data = folder / "data"
    initdb = binary("initdb", *_binaries())
    run(
        [initdb, "-D", str(data), "-U", "postgres", f"--pwfile={pwfile}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N"],
        user=_OWNER,
    )
    pwfile.unlink()
    return data


def _start(folder: Path, data: Path, password: str, more: Mapping[str, str]) -> tuple[PostgresServer, Child]:
    for attempt in range(_TRIES):  # another process may take the port between asking for it and using it
        server = PostgresServer(port=free_port(), log=folder / f"log.{attempt}", password=password)
        settings = {**_SETTINGS, **more, "port": str(server.port), "unix_socket_directories": str(folder)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        argv = [binary("postgres", *_binaries()), "-D", str(data), *options]
        child = Child(argv, log=server.log, user=_OWNER, end=signal.SIGINT)
        try:
            child.wait_for(lambda server=server: _answers(server))  # type: ignore[misc]
        except UnusableError:
            child.stop()
            if attempt == _TRIES - 1:
                raise
        else:
            return server, child
    raise AssertionError


def _answers(server: PostgresServer) -> bool:
    try:
        psycopg.connect(server.dsn()).close()
    except psycopg.OperationalError:
        return False
    return True
