"""What the analyser takes for granted about PostgreSQL and psql, asked of a real server."""

import os  # the environment of psql, for a test
import subprocess  # noqa: TID251 - psql runs as a migration would run it
from collections.abc import Iterator

import psycopg
import pytest

from countersign.domain.sql import effects
from countersign.domain.sql_functions import OWN
from tests.support.postgres import PostgresServer, postgres_server

MOVES_SOMETHING = {"clock_timestamp", "currval", "gen_random_uuid", "lastval", "nextval", "random", "timeofday"}
"""Volatile, and known to be: clocks, chance and sequences."""

TRICKS = [
    """SELECT CAST('"; DROP TABLE w; --' AS int);\nSELECT (ARRAY[1])[1:LAST_ERROR_MESSAGE];""",
    "/*+ -- */ DROP TABLE w;",
    "SELECT 1 /* /* */ ; DROP TABLE w; */ ; -- */ DROP TABLE w;",
    "SELECT '--'; DROP TABLE w; --'",
    "SELECT U&'d\\0061t' AS \"a\"; DROP TABLE w;",
    "SELECT 'a'\n'; DROP TABLE w; --'",
    "PREPARE x AS DROP TABLE w;",
    "SELECT $a$ $a$; DROP TABLE w; --$a$",
    "SELECT 1 \\; DROP TABLE w;",
    "CREATE TABLE x AS EXECUTE gone;",
    "SELECT 1; ELSE; DROP TABLE w;",
    "END; ELSE DROP TABLE w; DROP TABLE w;",
]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


def test_every_function_that_may_be_called_is_postgresqls_own_and_computes(server: PostgresServer) -> None:
    with psycopg.connect(server.dsn()) as connection:
        rows = connection.execute(
            "SELECT proname, bool_or(provolatile = 'v') FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY 1"
        ).fetchall()
    volatile: dict[str, bool] = dict(rows)
    assert volatile.keys() >= OWN
    assert {name for name in OWN if volatile[name]} == MOVES_SOMETHING


@pytest.mark.parametrize("text", TRICKS)
def test_no_text_drops_a_table_that_the_analyser_did_not_see(server: PostgresServer, text: str) -> None:
    server.execute("DROP TABLE IF EXISTS w", "CREATE TABLE w (a int)")
    subprocess.run(  # noqa: S603 - argv is ours
        ["psql", "--no-psqlrc", "--quiet", server.dsn()],  # noqa: S607 - wherever it is installed
        input=text,
        env={"PATH": os.environ["PATH"]},  # noqa: TID251
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    with psycopg.connect(server.dsn()) as connection:
        there = connection.execute("SELECT to_regclass('w')").fetchone() != (None,)
    deletions, unclear = effects("m.sql", text)
    assert there or deletions or unclear
