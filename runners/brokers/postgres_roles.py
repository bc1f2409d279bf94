"""Login roles on a PostgreSQL server: made, shut out, dropped. The SQL of the postgres broker and nothing else.

Works as an admin role with CREATEROLE, ADMIN OPTION on the group roles it hands out, and membership of pg_signal_backend;
never as a superuser. Does not know runs, scopes or lifetimes in the policy's sense (`postgres.py`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from countersign.domain.credential import Credential
from countersign.domain.outcomes import BrokerFault, Refused

Connection = psycopg.Connection[TupleRow]

CONNECTIONS = 4
"""How many sessions one role may have at once: a migration tool and its helpers, not a crowd."""

_CONNECT = 10
_STATEMENT = "30s"
_PATIENCE = 15.0
_PAUSE = 0.05
_WAY = frozenset({"host", "hostaddr", "port", "sslmode", "sslrootcert"})
"""What leads to a server; the rest of a connection string says who one is there."""

_UNFIT = """
    SELECT r.rolname, r.rolcanlogin, other.rolname
    FROM pg_roles r
    LEFT JOIN pg_roles other
      ON pg_has_role(r.oid, other.oid, 'MEMBER')
      AND (other.rolsuper OR other.rolcreaterole OR other.rolreplication OR other.rolname = ANY (%s))
    WHERE r.rolname = %s
"""

_SERVER_ITSELF = ["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"]
"""Whoever is a member of one of these acts as the server's own account, past every grant."""

_DATABASES = """
    SELECT DISTINCT coalesce(d.datname, current_database())
    FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = %s
"""


@dataclass(frozen=True, slots=True)
class NewRole:
    """A login role to be made: member of `group`, for `ttl` seconds, its password known to the server by `verifier` alone."""

    name: str
    group: str
    verifier: str
    ttl: int
    comment: str


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Let out nothing but BrokerFault. Its text holds the server's message, never a statement or a connection string.

    Raises:
        BrokerFault: the server, or the way to it, failed.
    """
    try:
        yield
    except psycopg.Error as error:
        said = error.diag.message_primary or (str(error).strip() if isinstance(error, psycopg.OperationalError) else "")
        if isinstance(error, psycopg.errors.DependentObjectsStillExist):
            said += f" ({error.diag.message_detail}); take that back by hand, then it is tried again"
        raise BrokerFault(f"postgres: {doing}: {error.sqlstate or type(error).__name__}: {said}") from None


@contextmanager
def connection(dsn: str, database: str | None = None) -> Iterator[Connection]:
    """Connect as the admin role, to another database than the DSN's where one is named.

    Raises:
        BrokerFault: the server, or the way to it, failed.
    """
    options: dict[str, str | int] = {"connect_timeout": _CONNECT, "application_name": "countersign-broker"}
    if database is not None:
        options["dbname"] = database
    with faults("talking to the server"), psycopg.connect(make_conninfo(dsn, **options), autocommit=True) as opened:
        opened.execute(sql.SQL("SET statement_timeout = {}").format(_STATEMENT))
        yield opened


def see_fit(admin: Connection, group: str, database: str) -> None:
    """See that the group role gives what was asked for and no way out of it.

    A member of a role that may create roles could make itself a second, lasting login; so could a superuser, or whoever may
    run programs as the server's account.

    Raises:
        Refused: there is no such group or database, or the group is more than a group.
    """
    rows = admin.execute(_UNFIT, [_SERVER_ITSELF, group]).fetchall()
    if not rows:
        raise Refused("mint", f"there is no role {group!r} on the server")
    for _, can_login, power in rows:
        if power is not None:
            raise Refused("mint", f"role {group!r} has the powers of {power!r}, which reach beyond any run")
        if can_login:
            raise Refused("mint", f"role {group!r} can log in; a run's role is made member of a NOLOGIN role only")
    found = admin.execute(
        "SELECT has_database_privilege(%s, oid, 'CONNECT') FROM pg_database WHERE datname = %s", [group, database]
    ).fetchone()
    if found is None:
        raise Refused("mint", f"there is no database {database!r} on the server")
    if not found[0]:
        raise Refused("mint", f"role {group!r} may not connect to database {database!r}")


def find(admin: Connection, name: str) -> int | None:
    """Give the object id of a role; None where the server lists no such role."""
    row = admin.execute("SELECT oid FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    return None if row is None else int(row[0])


def create(admin: Connection, new: NewRole) -> datetime:
    """Make the role; give when it ends, by the server's own clock.

    It acts as the group from the first statement (`SET role`), so that what it makes belongs to the group and outlives it.
    It inherits the group's rights as well, else it could not enter a database that PUBLIC may not connect to.
    """
    role, group = sql.Identifier(new.name), sql.Identifier(new.group)
    with admin.transaction():
        row = admin.execute("SELECT date_trunc('second', now()) + make_interval(secs => %s)", [new.ttl]).fetchone()
        if row is None or not isinstance(row[0], datetime):
            raise BrokerFault("postgres: the server did not tell the time")
        until = row[0].astimezone(UTC)
        admin.execute(
            sql.SQL(
                "CREATE ROLE {} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
                " CONNECTION LIMIT {} PASSWORD {} VALID UNTIL {} IN ROLE {}"
            ).format(role, CONNECTIONS, new.verifier, until.isoformat(), group)
        )
        admin.execute(sql.SQL("ALTER ROLE {} SET role = {}").format(role, sql.Literal(new.group)))
        admin.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(new.comment)))
    return until


def shut_out(admin: Connection, name: str, oid: int) -> None:
    """Let no new session in, then end those that are there, and wait until they are gone.

    Raises:
        BrokerFault: a session is still there after 15 seconds.
    """
    admin.execute(sql.SQL("ALTER ROLE {} NOLOGIN VALID UNTIL 'epoch'").format(sql.Identifier(name)))
    end_sessions(admin, oid)


def end_sessions(admin: Connection, oid: int) -> None:
    """End the sessions of a role, which may be dropped by now, and wait until they are gone.

    Raises:
        BrokerFault: a session is still there after 15 seconds.
    """
    deadline = time.monotonic() + _PATIENCE
    while admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid = %s", [oid]).fetchall():
        if time.monotonic() > deadline:
            raise BrokerFault(f"postgres: sessions of the role do not end within {_PATIENCE:.0f} s")
        time.sleep(_PAUSE)


def databases_of(admin: Connection, oid: int) -> list[str]:
    """Give the databases in which the role owns something or was granted something by name."""
    return [str(row[0]) for row in admin.execute(_DATABASES, [oid]).fetchall()]


def hand_over(admin: Connection, name: str, group: str) -> None:
    """Give what the role owns in this database to the group, and take back what was granted to it by name.

    Nothing is lost: DROP OWNED comes after REASSIGN OWNED in one transaction, and the role has no sessions any more. The admin
    role joins both for the length of the transaction, because REASSIGN asks for the rights of both.
    """
    role, heir = sql.Identifier(name), sql.Identifier(group)
    with admin.transaction():
        joined = admin.execute("SELECT pg_has_role(%s, 'USAGE')", [group]).fetchone()
        admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        if joined != (True,):
            admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(heir))
        admin.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(role, heir))
        admin.execute(sql.SQL("DROP OWNED BY {}").format(role))
        if joined != (True,):
            admin.execute(sql.SQL("REVOKE {} FROM CURRENT_USER").format(heir))


def drop(admin: Connection, name: str) -> None:
    """Drop the role. Fails where it still owns something."""
    admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def try_login(dsn: str, credential: Credential) -> str | None:
    """Log in over the admin's own way to the server; None where it was let in, else the server's answer.

    Raises:
        BrokerFault: the server gave no answer, so nothing is proved.
    """
    try:
        psycopg.connect(_login(dsn, credential)).close()
    except psycopg.OperationalError as error:
        answer = str(error).strip().rpartition("failed: ")[2].partition("\n")[0] or type(error).__name__
        # Asked for a password, or told FATAL: there was a server, and it said no. Anything else is a broken way to it.
        if (error.pgconn is not None and error.pgconn.used_password) or "FATAL" in answer:
            return answer
        raise BrokerFault(f"postgres: the login could not be tried: {answer}") from None
    return None


def _login(dsn: str, credential: Credential) -> str:
    way = {key: value for key, value in conninfo_to_dict(dsn).items() if key in _WAY}
    env = credential.reveal()
    return make_conninfo(
        "", **way, user=env["PGUSER"], password=env["PGPASSWORD"], dbname=env["PGDATABASE"], connect_timeout=_CONNECT
    )
