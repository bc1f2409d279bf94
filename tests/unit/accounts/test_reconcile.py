"""Which sessions of a target a run explains. The laws: no name explains what a name on the record does not prove."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.accounts.reconcile import Reconciled, Use, reconcile
from countersign.attestation.accounts.runs import Run, make_run

T = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, RUN, HANDLE = "ASIAOURS", "run-a", "run-a/site"


def run(public_id: str | None = KEY, *, closed: bool = True, minted: bool = True, provider: str = "aws") -> Run:
    def record(kind: str, minute: int, body: dict[str, object]) -> dict[str, object]:
        when = (T + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"seq": 1, "id": "x", "kind": kind, "key": "k", "time": when, "recorded_time": when, "run_id": RUN, "body": body}

    lease = {"handle": HANDLE, "scope": {"name": "site", "provider": provider, "ttl": 900}}
    times = {"minted": T.isoformat(), "expires": (T + timedelta(minutes=15)).isoformat()} if minted else {}
    end = {"proof": "unproved", "revoked": T.isoformat()}
    grant = {"handle": HANDLE, "provider": provider, "public_id": public_id, **end, **times}
    return make_run(record("intent", 0, {"leases": [lease]}), record("executed", 5, {"grants": [grant]}) if closed else None)


def held(*uses: Use, run: Run) -> Reconciled:
    return reconcile(uses, [run], providers=frozenset({"aws"}))


def use(*names: str, minute: float = 1) -> Use:
    return Use(T + timedelta(minutes=minute), names[0] if names else "x", names, "role", "s3:PutObject", None)


@given(others=st.lists(st.sampled_from([RUN, HANDLE, "ASIATHIEF", "root", "run-b"]), unique=True))
def test_where_the_record_has_the_key_nothing_else_explains_a_session(others: list[str]) -> None:
    found = held(use(*others, minute=0), run=run())
    (finding,) = found.findings
    claims = {RUN, HANDLE} & set(others)
    assert (finding.run is not None, "used a credential that this run does not have" in finding.why) == (bool(claims), bool(claims))
    assert len(found.unseen) == 1, "who borrows a name did not use the credential"


@given(others=st.lists(st.sampled_from([RUN, HANDLE, "ASIATHIEF"]), unique=True))
def test_the_key_explains_it_whatever_else_the_session_calls_itself(others: list[str]) -> None:
    found = held(use(*others, KEY), run=run())
    assert (found.findings, found.explained, found.unseen) == ((), 1, ())


def test_a_key_that_nobody_recorded_is_known_by_the_name_of_the_run() -> None:
    for unseen in (run(None, minted=False), run(closed=False)):
        found = held(use("ASIAUNKNOWN", RUN), run=unseen)
        assert (found.findings, found.explained) == ((), 1)


@given(caller=st.sampled_from(["AKIARUNNER", "ASIATHIEF"]), name=st.sampled_from([RUN, "run-b"]))
def test_the_call_that_made_the_key_is_explained_by_it_and_is_no_use_of_it(caller: str, name: str) -> None:
    opening = replace(use(KEY, caller, name, minute=0), session=f"{caller} opening {KEY}", opens=True)
    found = held(opening, run=run())
    assert (found.findings, found.explained, len(found.unseen)) == ((), 1, 1)
    assert held(opening, use(KEY), run=run()).unseen == ()
    (finding,) = held(replace(opening, names=("ASIAOTHER", caller, name)), run=run()).findings
    assert (finding.run is not None) == (name == RUN)


def test_while_a_run_is_open_its_credential_has_no_end() -> None:
    assert held(use("ASIAUNKNOWN", RUN, minute=9000), run=run(closed=False)).findings == ()
    (finding,) = held(use("ASIAUNKNOWN", RUN, minute=9000), run=run(None, minted=False)).findings
    assert "outside of its life" in finding.why


@pytest.mark.parametrize(
    ("minutes", "explained"),
    [
        ([-2], True),
        ([-3], False),
        ([17], True),
        ([18], False),
        ([-3, 1], False),
        ([1, -3], False),
        ([1, 18], False),
        ([1, -2, 17, 1], True),
    ],
)
def test_a_key_explains_what_it_did_from_its_minting_to_its_end_but_for_the_clocks(minutes: list[float], explained: bool) -> None:
    found = held(*(use(KEY, minute=minute) for minute in minutes), run=run())
    assert [finding.why for finding in found.findings] == (
        [] if explained else ["used outside of its life, 2026-03-01 12:00:00 to 2026-03-01 12:15:00 UTC"]
    )
    assert found.explained == explained


@pytest.mark.parametrize("skew", [0, 5])
def test_clocks_may_differ_by_as_much_as_was_said_and_no_more(skew: int) -> None:
    for minute, explained in ((-skew, 1), (-skew - 1, 0), (15 + skew, 1), (16 + skew, 0)):
        allowed = timedelta(minutes=skew)
        assert reconcile([use(KEY, minute=minute)], [run()], providers=frozenset({"aws"}), skew=allowed).explained == explained


@given(named=st.sampled_from([KEY, HANDLE, RUN]), public_id=st.sampled_from([KEY, None]))
def test_a_credential_of_another_provider_explains_nothing_whatever_it_is_called(named: str, public_id: str | None) -> None:
    found = held(use(named), run=run(public_id, provider="postgres"))
    (finding,) = found.findings
    assert (finding.why, finding.run) == ("no run on the record used a credential of this name", None)
    assert (found.explained, found.unseen) == (0, ()), "nor is it missed in a log that cannot hold it"
