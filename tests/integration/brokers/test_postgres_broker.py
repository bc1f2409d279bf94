"""What a real PostgreSQL enforces of a run's role, and what revocation leaves behind: nothing but the run's work."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from countersign.domain.credential import Credential
from countersign.domain.outcomes import BrokerFault, Refused
from countersign.domain.scope import Grant, Proof, Scope
from runners import clock
from runners.brokers.postgres import PostgresBroker
from tests.contract.broker_targets import lets_in, log_in
from tests.fakes.authorizations import authorization
from tests.support.postgres import PostgresServer, postgres_server

_numbers = count(1)
GROUP = "shop_migrator"


@pytest.fixture(scope="module")
def admin_dsn(server: PostgresServer) -> str:
    return server.make_admin(GROUP)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        running.execute("CREATE DATABASE shop", "CREATE DATABASE other", "CREATE TABLE drawer (item text)")
        yield running


@pytest.fixture(scope="module")
def broker(server: PostgresServer, admin_dsn: str) -> PostgresBroker:
    made = PostgresBroker(admin={server.address: admin_dsn}, clock=clock.now)
    # The database is shut to everybody but the group, as a well-kept one is.
    server.execute("REVOKE ALL ON DATABASE shop FROM PUBLIC", "GRANT CONNECT, TEMP, CREATE ON DATABASE shop TO shop_migrator")
    server.execute("CREATE SCHEMA app AUTHORIZATION shop_migrator", "GRANT CREATE ON SCHEMA public TO PUBLIC", database="shop")
    server.execute("GRANT CREATE ON SCHEMA public TO PUBLIC", database="other")
    return made


@pytest.fixture
def scope(server: PostgresServer) -> Scope:
    return Scope("shop-database", "postgres", {"server": server.address, "database": "shop", "role": GROUP}, 600)


@pytest.fixture
def minted(broker: PostgresBroker, scope: Scope) -> Iterator[tuple[Grant, Credential]]:
    grant, credential = broker.mint(authorization(scope, iid=next(_numbers)), scope)
    yield grant, credential
    broker.revoke(grant.handle, scope, None)


def run_sql(credential: Credential, *statements: LiteralString) -> None:
    with log_in(credential) as session:
        for statement in statements:
            session.execute(statement)


def owner(server: PostgresServer, table: str, database: str = "shop") -> object:
    rows = server.ask("SELECT tableowner FROM pg_tables WHERE tablename = %s", table, database=database)
    return rows[0][0] if rows else None


def exists(server: PostgresServer, role: str) -> bool:
    return bool(server.ask("SELECT 1 FROM pg_roles WHERE rolname = %s", role))


def test_the_broker_works_without_a_superuser(server: PostgresServer, minted: tuple[Grant, Credential]) -> None:
    rows = server.ask("SELECT rolsuper, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = 'countersign_admin'")
    assert rows == [(False, False, False)]
    assert exists(server, minted[0].handle)


def test_the_admin_role_of_the_documentation_is_enough() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "brokers.md").read_text()
    [sql] = re.findall(r"```sql\n(.+?)```", text, re.DOTALL)
    with postgres_server() as fresh:
        fresh.run_as("postgres", sql)
        fresh.execute("CREATE DATABASE shop", "ALTER ROLE countersign_admin PASSWORD 'set by hand'")
        admin = fresh.dsn(user="countersign_admin", password="set by hand")
        there = Scope("shop", "postgres", {"server": fresh.address, "database": "shop", "role": GROUP}, 600)
        documented = PostgresBroker(admin={fresh.address: admin}, clock=clock.now)
        grant, credential = documented.mint(authorization(there), there)
        run_sql(credential, "SET ROLE NONE", "CREATE TEMP TABLE mine (id int)")
        assert documented.revoke(grant.handle, there, credential).proof is Proof.DEAD


def test_the_role_is_a_plain_one_that_ends(server: PostgresServer, minted: tuple[Grant, Credential]) -> None:
    grant, _ = minted
    [row] = server.ask(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil"
        " FROM pg_roles WHERE rolname = %s",
        grant.handle,
    )
    assert row == (False, False, False, False, False, 4, grant.expires)
    assert abs(grant.expires - clock.now() - timedelta(seconds=600)) < timedelta(seconds=5)
    assert [tuple(name) for name in server.ask(
        "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member"
        " WHERE r.rolname = %s",
        grant.handle,
    )] == [(GROUP,)]  # fmt: skip


def test_what_a_run_makes_belongs_to_the_group_and_stays(
    server: PostgresServer, broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    run_sql(credential, "CREATE TABLE app.made_by_run (id int)", "INSERT INTO app.made_by_run VALUES (1)")
    assert owner(server, "made_by_run") == GROUP
    assert broker.revoke(grant.handle, scope, credential).proof is Proof.DEAD
    assert server.ask("SELECT count(*) FROM app.made_by_run", database="shop") == [(1,)]


def test_what_a_run_makes_in_its_own_name_passes_to_the_group_in_every_database(
    server: PostgresServer, broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    tricks: tuple[LiteralString, ...] = (
        "SET ROLE NONE",
        "CREATE TABLE public.own_name (id int)",
        "CREATE FUNCTION public.own_function() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    )
    run_sql(credential, *tricks)
    elsewhere = Credential({**credential.reveal(), "PGDATABASE": "other"})
    run_sql(elsewhere, "SET ROLE NONE", "CREATE TABLE public.far_away (id int)")
    assert owner(server, "own_name") == grant.handle
    assert broker.revoke(grant.handle, scope, credential).proof is Proof.DEAD
    assert not exists(server, grant.handle)
    assert owner(server, "own_name") == GROUP
    assert owner(server, "far_away", "other") == GROUP
    assert server.ask("SELECT count(*) FROM pg_default_acl", database="shop") == [(0,)]
    assert server.ask("SELECT count(*) FROM pg_auth_members WHERE member = 'countersign_admin'::regrole") == [(2,)], (
        "the admin role must be member of nothing more than before: the group, and pg_signal_backend"
    )


def test_a_privilege_that_the_run_gave_its_role_by_name_goes_with_it(
    server: PostgresServer, broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    with log_in(credential) as session:
        session.execute("CREATE TABLE app.shared (id int)")
        session.execute(psycopg.sql.SQL("GRANT SELECT ON app.shared TO {}").format(psycopg.sql.Identifier(grant.handle)))
    assert broker.revoke(grant.handle, scope, None).proof is Proof.DEAD
    assert not exists(server, grant.handle)


def test_a_privilege_that_a_superuser_gave_by_name_is_a_fault_that_names_it(
    server: PostgresServer, broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    name = psycopg.sql.Identifier(grant.handle)
    with psycopg.connect(server.dsn(), autocommit=True) as superuser:
        superuser.execute(psycopg.sql.SQL("GRANT SELECT ON drawer TO {}").format(name))
        with pytest.raises(BrokerFault, match="privileges for table drawer"):
            broker.revoke(grant.handle, scope, credential)
        assert not lets_in(credential), "shut out all the same"
        superuser.execute(psycopg.sql.SQL("REVOKE SELECT ON drawer FROM {}").format(name))
    assert broker.revoke(grant.handle, scope, credential).proof is Proof.DEAD


def test_open_sessions_are_ended(broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    sessions = [log_in(credential) for _ in range(3)]
    sessions[0].execute("CREATE TABLE app.half_done (id int)")  # in a transaction, holding locks
    sessions[1].autocommit = True
    assert broker.revoke(grant.handle, scope, credential).proof is Proof.DEAD
    for session in sessions:
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
        session.close()


def test_there_is_a_limit_to_sessions(minted: tuple[Grant, Credential]) -> None:
    sessions = [log_in(minted[1]) for _ in range(4)]
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            log_in(minted[1])
    finally:
        for session in sessions:
            session.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE friend LOGIN",
        "ALTER ROLE CURRENT_USER VALID UNTIL 'infinity'",
        "ALTER ROLE SESSION_USER VALID UNTIL 'infinity'",
        "ALTER ROLE SESSION_USER CONNECTION LIMIT 100",
        "GRANT shop_migrator TO PUBLIC",
        "GRANT pg_read_server_files TO SESSION_USER",
        "SET ROLE countersign_admin",
        "SET SESSION AUTHORIZATION postgres",
        "SELECT pg_reload_conf()",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT * FROM pg_authid",
        "ALTER SYSTEM SET log_statement = 'none'",
    ],
)
@pytest.mark.parametrize("acting_as", ["the group", "itself"])
def test_a_run_cannot_make_more_of_its_role(minted: tuple[Grant, Credential], statement: LiteralString, acting_as: str) -> None:
    with log_in(minted[1]) as session:
        if acting_as == "itself":
            session.execute("SET ROLE NONE")
        with pytest.raises(psycopg.Error):
            session.execute(statement)


def test_a_password_that_the_run_changed_dies_too(broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    run_sql(credential, "SET ROLE NONE", "ALTER ROLE SESSION_USER PASSWORD 'my own choice'")
    changed = Credential({**credential.reveal(), "PGPASSWORD": "my own choice"})
    assert lets_in(changed)
    assert broker.revoke(grant.handle, scope, changed).proof is Proof.DEAD
    assert not lets_in(changed)


def test_the_server_lets_nobody_in_after_the_lifetime(server: PostgresServer, minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    with psycopg.connect(server.dsn(), autocommit=True) as superuser:  # a minute cannot be waited for; the server's rule can
        end = psycopg.sql.Literal((datetime.fromtimestamp(0, UTC)).isoformat())
        superuser.execute(psycopg.sql.SQL("ALTER ROLE {} VALID UNTIL {}").format(psycopg.sql.Identifier(grant.handle), end))
    assert not lets_in(credential)


def test_the_password_is_never_in_the_servers_log(server: PostgresServer, minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    written = server.log.read_text()
    assert f'CREATE ROLE "{grant.handle}"' in written, "the log must hold every statement, or this test sees nothing"
    assert "SCRAM-SHA-256$4096:" in written
    assert credential.reveal()["PGPASSWORD"] not in written


def test_the_role_says_what_it_is_for(server: PostgresServer, minted: tuple[Grant, Credential]) -> None:
    grant, _ = minted
    [(comment,)] = server.ask("SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s", grant.handle)
    assert isinstance(comment, str)
    assert grant.run in comment
    assert "shop/site!" in comment


def test_a_second_attempt_of_a_run_is_not_given_a_new_password(
    broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    again = next(proof for proof in (authorization(scope, iid=number) for number in count(1)) if proof.run == grant.run)
    with pytest.raises(BrokerFault, match="exists already"):
        broker.mint(again, scope)
    assert lets_in(credential), "the first attempt goes on as it was"


def test_a_revocation_that_was_cut_short_is_taken_up(
    server: PostgresServer, broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    with log_in(credential), psycopg.connect(server.dsn(), autocommit=True) as superuser:
        superuser.execute(psycopg.sql.SQL("ALTER ROLE {} NOLOGIN").format(psycopg.sql.Identifier(grant.handle)))
        assert broker.revoke(grant.handle, scope, credential).proof is Proof.DEAD
    assert not exists(server, grant.handle)


@pytest.mark.parametrize("handle", ["postgres", "countersign_admin", GROUP, "cs_", "", "cs_'; DROP DATABASE shop; --"])
def test_a_role_that_is_not_ours_is_never_touched(
    server: PostgresServer, broker: PostgresBroker, scope: Scope, handle: str
) -> None:
    before = server.ask("SELECT rolname, rolcanlogin FROM pg_roles ORDER BY 1")
    with pytest.raises(BrokerFault, match="not a handle"):
        broker.revoke(handle, scope, None)
    assert server.ask("SELECT rolname, rolcanlogin FROM pg_roles ORDER BY 1") == before


UNFIT: dict[str, LiteralString] = {
    "mighty": "CREATE ROLE mighty NOLOGIN SUPERUSER",
    "maker": "CREATE ROLE maker NOLOGIN CREATEROLE",
    "copier": "CREATE ROLE copier NOLOGIN REPLICATION",
    "person": "CREATE ROLE person LOGIN",
    "heir": "CREATE ROLE heir NOLOGIN IN ROLE countersign_admin",
    "operator": "CREATE ROLE operator NOLOGIN IN ROLE pg_execute_server_program",
    "stranger": "CREATE ROLE stranger NOLOGIN",
}


@pytest.mark.parametrize("role", [*UNFIT, "missing"])
def test_a_role_that_is_more_or_less_than_a_group_is_not_handed_out(
    server: PostgresServer, broker: PostgresBroker, role: str
) -> None:
    if role in UNFIT:
        server.execute(UNFIT[role])
    scope = Scope("odd", "postgres", {"server": server.address, "database": "shop", "role": role}, 600)
    with pytest.raises(Refused, match=role):
        broker.mint(authorization(scope, iid=next(_numbers)), scope)


def test_a_database_that_is_not_there_is_refused(server: PostgresServer, broker: PostgresBroker) -> None:
    scope = Scope("odd", "postgres", {"server": server.address, "database": "missing", "role": GROUP}, 600)
    with pytest.raises(Refused, match="no database"):
        broker.mint(authorization(scope, iid=next(_numbers)), scope)


def test_an_admin_role_that_may_not_end_sessions_is_a_fault_and_the_door_stays_shut(
    server: PostgresServer, broker: PostgresBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    server.execute("REVOKE pg_signal_backend FROM countersign_admin")
    try:
        with log_in(credential), pytest.raises(BrokerFault, match="42501"):
            broker.revoke(grant.handle, scope, credential)
        assert not lets_in(credential), "no new session while people look into it"
    finally:
        server.execute("GRANT pg_signal_backend TO countersign_admin")
    assert broker.revoke(grant.handle, scope, credential).proof is Proof.DEAD


def test_a_fault_shows_neither_password_nor_connection_string(server: PostgresServer, scope: Scope) -> None:
    wrong = PostgresBroker(admin={server.address: server.dsn(password="not-the-password")}, clock=clock.now)
    with pytest.raises(BrokerFault) as caught:
        wrong.mint(authorization(scope, iid=next(_numbers)), scope)
    assert "not-the-password" not in str(caught.value)
    assert "authentication failed" in str(caught.value)
