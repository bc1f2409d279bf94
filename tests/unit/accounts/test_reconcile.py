"""Which sessions of a target a run explains. The laws: no name explains what a name on the record does not prove."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.accounts.reconcile import Reconciled, Use, reconcile
from countersign.attestation.accounts.runs import Run, make_run

T = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, RUN, HANDLE = "ASIAOURS", "run-a", "run-a/site"


def run(public_id: str | None = KEY, *, closed: bool = True, minted: bool = True) -> Run:
    def record(kind: str, minute: int, body: dict[str, object]) -> dict[str, object]:
        when = (T + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"seq": 1, "id": "x", "kind": kind, "key": "k", "time": when, "recorded_time": when, "run_id": RUN, "body": body}

    lease = {"handle": HANDLE, "scope": {"name": "site", "provider": "aws", "ttl": 900}}
    times = {"minted": T.isoformat(), "expires": (T + timedelta(minutes=15)).isoformat()} if minted else {}
    grant = {"handle": HANDLE, "provider": "aws", "public_id": public_id, "proof": "unproved", "revoked": T.isoformat(), **times}
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
