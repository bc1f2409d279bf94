"""How long a credential lived, as far as records can tell."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.accounts.incident import reconstruct
from countersign.attestation.accounts.runs import Lifetime, Run, make_run

T = datetime(2026, 3, 1, 12, tzinfo=UTC)
HANDLE = "postgres/run-a/database"


def at(minutes: float) -> datetime:
    return T + timedelta(minutes=minutes)


def record(kind: str, minutes: float, body: dict[str, object]) -> dict[str, object]:
    when = at(minutes).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "seq": 1,
        "id": "x",
        "kind": kind,
        "key": "k",
        "time": when,
        "recorded_time": when,
        "summary": "s",
        "run_id": "run-a",
        "change": {"repository": "acme/shop", "iid": 7},
        "body": body,
    }


def run(grant: dict[str, object] | None, *, ttl: int = 600, closed: bool = True) -> Run:
    lease = {"handle": HANDLE, "scope": {"name": "database", "provider": "postgres", "parameters": {}, "ttl": ttl}}
    intent = record("intent", 0, {"leases": [lease], "decision": {"environment": "production"}})
    grants = [] if grant is None else [{"handle": HANDLE, **grant}]
    return make_run(intent, record("executed", 5, {"grants": grants}) if closed else None)


def test_a_credential_that_was_proved_dead_lived_until_it_was_revoked() -> None:
    (life,) = run(
        {
            "minted": at(1).isoformat(),
            "expires": at(11).isoformat(),
            "revoked": at(4).isoformat(),
            "proof": "dead",
            "public_id": "x",
        }
    ).lifetimes
    assert (life.began, life.ended, life.certain) == (at(1), at(4), True)
    assert not life.live(at(0.9))
    assert life.live(at(1))
    assert not life.live(at(4))


def test_one_whose_end_was_not_proved_may_have_lived_until_it_expired() -> None:
    for proof in ("unproved", "alive", None):
        (life,) = run(
            {"minted": at(1).isoformat(), "expires": at(11).isoformat(), "revoked": at(4).isoformat(), "proof": proof}
        ).lifetimes
        assert life.ended == at(11)


def test_one_that_nobody_saw_minted_may_have_lived_from_the_intent_to_its_time_after_the_outcome() -> None:
    (life,) = run({"minted": None, "revoked": at(5).isoformat(), "proof": "unproved"}).lifetimes
    assert (life.began, life.ended, life.certain) == (at(0), at(15), False)


def test_an_open_run_may_hold_what_it_announced_as_long_as_it_is_open() -> None:
    opened = run(None, closed=False)
    (life,) = opened.lifetimes
    assert (life.certain, life.ended, life.live(at(-1)), life.live(at(9)), life.live(at(11))) == (False, None, False, True, True)
    assert opened.open(at(1000))
    assert not opened.open(at(-1))


def found_since(closed: Mapping[str, object], later: Mapping[str, object], *, left_out: str | None = None) -> Lifetime:
    """A run that was closed as lost at minute 50, and of which more was found at minute 60."""
    lease = {"handle": HANDLE, "scope": {"name": "database", "provider": "postgres", "parameters": {}, "ttl": 600}}
    told = [[{"handle": HANDLE, "minted": None, **grant}] if grant else [] for grant in (closed, later)]
    left = [{"part": left_out, "bytes": 1}] if left_out else []
    annotation = record("annotation", 60, {"run": "run-a", "found": "executed", "grants": told[1], "left_out": left})
    (life,) = make_run(record("intent", 0, {"leases": [lease]}), record("lost", 50, {"grants": told[0]}), annotation).lifetimes
    return life


DEAD = {"revoked": at(50).isoformat(), "proof": "dead"}
UNPROVED = {"revoked": at(59).isoformat(), "proof": "unproved", "expires": at(90).isoformat(), "public_id": "cs_role"}


def test_a_death_that_the_outcome_proves_stands_whatever_is_found_since() -> None:
    for later in (UNPROVED, UNPROVED | {"proof": "dead"}):
        life = found_since(DEAD, later | {"minted": at(1).isoformat()})
        assert (life.began, life.ended, life.proof, life.revoked, life.public_id) == (at(1), at(50), "dead", at(50), "cs_role")


@pytest.mark.parametrize("minted", [None, at(49), at(51)], ids=["nobody knows when", "about then", "after it"])
def test_it_does_not_where_the_credential_may_have_been_minted_after_it(minted: datetime | None) -> None:
    life = found_since(DEAD, UNPROVED | {"minted": minted and minted.isoformat()})
    assert (life.ended, life.proof, life.revoked) == (at(90), "unproved", at(59))


def test_what_is_found_since_proves_a_death_that_the_outcome_does_not() -> None:
    life = found_since(DEAD | {"proof": "unproved"}, UNPROVED | {"proof": "dead", "minted": at(1).isoformat()})
    assert (life.ended, life.proof) == (at(59), "dead")


def test_what_is_left_out_of_what_is_found_since_is_not_taken_for_dead() -> None:
    life = found_since(DEAD, {}, left_out="grants[] not proved dead")
    assert (life.ended, life.proof, life.listed) == (life.expires, None, False)
    assert found_since(DEAD, {}, left_out="grants[] proved dead").ended == at(50)


def test_a_grant_that_no_intent_announced_is_shown_all_the_same() -> None:
    closed = make_run(
        record("intent", 0, {}),
        record("executed", 5, {"grants": [{"handle": "h", "minted": at(1).isoformat(), "expires": at(2).isoformat()}]}),
    )
    assert [life.handle for life in closed.lifetimes] == ["h"]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("2026-03-01T12:00:00"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["grants", "leases", "handle", "scope", "ttl", "minted", "revoked", "expires", "timeline", "ms", "began"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(
    announced=st.dictionaries(st.sampled_from(["leases", "decision", "actor"]), junk),
    closed=st.dictionaries(st.sampled_from(["grants", "timeline", "result"]), junk),
    since=st.dictionaries(st.sampled_from(["grants", "found", "left_out"]), junk),
)
def test_no_shape_of_a_body_makes_a_reader_stumble(
    announced: dict[str, object], closed: dict[str, object], since: dict[str, object]
) -> None:
    made = make_run(record("intent", 0, announced), record("lost", 5, closed), record("annotation", 6, since))
    assert isinstance(made.lifetimes, tuple)
    assert isinstance(made.phases, tuple)
    incident = reconstruct(around=at(1), window=timedelta(hours=1), environment="production", records=[made.intent], runs=[made])
    assert incident.document()["environment"] == "production"
