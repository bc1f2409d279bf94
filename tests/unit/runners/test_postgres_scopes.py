"""What the postgres broker says without a server: names of roles, and scopes that no server is asked for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.ids import ChangeRef, RunId, Sha, run_id
from countersign.domain.outcomes import Refused
from countersign.domain.scope import Scope
from runners.brokers.postgres import PostgresBroker
from tests.fakes.authorizations import NOON

SERVER = "db.example:5432"
BROKER = PostgresBroker(admin={SERVER: "postgresql://admin:hidden-word@db.internal/postgres"}, clock=lambda: NOON)
GOOD = {"server": SERVER, "database": "shop", "role": "shop_migrator"}

runs = st.builds(run_id, st.builds(ChangeRef, st.just("shop/site"), st.integers(1, 10**6)), st.just(Sha("a" * 40)))


def scope(name: str = "shop-database", ttl: int = 600, **parameters: str) -> Scope:
    return Scope(name, "postgres", GOOD | parameters, ttl)


@given(run=runs, name=st.text(max_size=200))
def test_every_handle_is_a_role_name_that_postgres_takes_whole(run: RunId, name: str) -> None:
    handle = BROKER.handle(run, scope(name))
    assert re.fullmatch(r"cs_[a-z2-7]{20}_[a-z0-9_]{1,24}_[0-9a-f]{8}", handle)
    assert len(handle.encode()) <= 63


@given(runs=st.tuples(runs, runs), names=st.tuples(st.text(max_size=60), st.text(max_size=60)))
def test_two_handles_are_equal_only_for_the_same_run_and_scope(runs: tuple[RunId, RunId], names: tuple[str, str]) -> None:
    same = (runs[0], names[0]) == (runs[1], names[1])
    assert (BROKER.handle(runs[0], scope(names[0])) == BROKER.handle(runs[1], scope(names[1]))) is same


def test_a_scope_of_its_form_passes() -> None:
    BROKER.check(scope())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (scope(role=""), "role"),
        (scope(role='x"; DROP ROLE y; --'), "role"),
        (scope(role="r" * 64), "role"),
        (scope(role="pg_execute_server_program"), "predefined"),
        (scope(role="None"), "predefined"),
        (scope(database="a b"), "database"),
        (scope(database="x\x00"), "database"),
        (scope(server="db.example"), "host:port"),
        (scope(server="db.example:5432,evil.example:5432"), "host:port"),
        (scope(server="/var/run:5432"), "host:port"),
        (scope(server="elsewhere.example:5432"), "no admin connection"),
        (scope(extra="1"), "extra"),
        (Scope("x", "postgres", {"server": SERVER, "role": "shop"}, 600), "database"),
        (scope(ttl=59), "ttl"),
        (scope(ttl=3601), "ttl"),
        (Scope("x", "aws", GOOD, 600), "provider"),
    ],
)
def test_a_scope_that_cannot_be_honoured_is_refused_and_says_where(wrong: Scope, says: str) -> None:
    with pytest.raises(Refused, match=says):
        BROKER.check(wrong)


def test_a_connection_string_that_cannot_be_read_stops_the_start_without_being_shown() -> None:
    with pytest.raises(ValueError, match=SERVER) as caught:
        PostgresBroker(admin={SERVER: "user=admin passwort=hidden-word"}, clock=lambda: NOON)
    assert "hidden-word" not in str(caught.value)
