"""What an outcome had no room for is told where it would be shown; a credential that it does not list may be proved dead."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from countersign.adapters.pages import gantt
from countersign.attestation.accounts.exceptions import find_exceptions
from countersign.attestation.accounts.incident import reconstruct
from countersign.attestation.accounts.plain import parts
from countersign.attestation.accounts.runs import Run, make_run
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import ChangeRef, Digest, RunId, Sha, digest_of
from countersign.domain.run import Connection, Ending, Endpoint, RunResult
from countersign.domain.scope import Grant, Proof, Revocation, Scope
from runners import aftermath
from tests.builders import NOON
from tests.support.veiled import veil

HIDE = veil().blind("acme/shop")
RUN = RunId("run-" + "a" * 20)
SHOP = ChangeRef("acme/shop", 1)
SCOPE = Scope("database", "postgres", {}, 600)


def predicate(kind: RecordKind, seq: int, body: Mapping[str, object]) -> dict[str, object]:
    when = (NOON + timedelta(seconds=seq)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    change = {"repository": SHOP.project, "iid": SHOP.iid}
    return {"seq": seq, "kind": kind.value, "run_id": RUN, "change": change, "recorded_time": when, "body": dict(body)}


def closed(*, hosts: int = 0, proofs: Mapping[str, Proof]) -> list[dict[str, object]]:
    """A run as runners record it, that reached for so many hosts of long names and whose credentials ended so; its two records."""
    scope = {"name": "database", "provider": "postgres", "parameters": {}, "ttl": 600}
    plan = {"action": "migrate", "environment": "production"}
    announced = {"decision": {"plan": plan}, "leases": [{"handle": handle, "scope": scope} for handle in proofs]}
    intent = Entry(
        1, RecordKind.INTENT, f"intent/{RUN}", SHOP, RUN, NOON, announced, b"", digest_of(b"i"), Sha("a" * 40), "p", Digest("d")
    )
    ran = RunResult(
        ending=Ending.EXITED,
        exit_code=0,
        started=NOON,
        finished=NOON + timedelta(seconds=1),
        stdout="",
        stderr="",
        stdout_digest=digest_of(b""),
        stderr_digest=digest_of(b""),
        connections=tuple(Connection(Endpoint(f"{number:03}.{'n' * 1100}", 443), True, 1, 1) for number in range(hosts)),
        tainted=False,
        backend="b",
        runtime="r",
        profile_digest=digest_of(b""),
    )
    result = aftermath.result_document(ran, spec_argv=["x"], image="i", network="n", tokenizer=HIDE)
    grants = [Grant(RUN, SCOPE, handle, f"at-{handle}", NOON, NOON + timedelta(minutes=10)) for handle in proofs]
    kept = aftermath.keep(result=result, grants=grants, fault=None, timeline=(), tokenizer=HIDE)
    ends = [Revocation(handle, NOON + timedelta(seconds=2), proof, "x") for handle, proof in proofs.items()]
    draft = aftermath.outcome(intent, kept, ends, timeline=(), now=NOON, tokenizer=HIDE)
    return [predicate(RecordKind.INTENT, 1, announced), predicate(draft.kind, 5, draft.body)]


def run(*, hosts: int = 0, proofs: Mapping[str, Proof]) -> Run:
    intent, outcome = closed(hosts=hosts, proofs=proofs)
    return make_run(intent, outcome)


MANY = {f"{number:03}{'h' * 150}": Proof.DEAD for number in range(200)}
LONG = {f"{number:03}{'h' * 900}": Proof.UNPROVED for number in range(70)}


def test_connections_that_had_no_room_are_not_none() -> None:
    made = run(hosts=64, proofs={"h": Proof.DEAD})
    [said] = made.not_listed("result.connections")
    size = made.left_out["result.connections"]
    assert size > 64 * 1000
    assert said == f"not listed: result.connections ({size:,} bytes)"
    incident = reconstruct(around=NOON, window=timedelta(hours=1), environment="production", records=(), runs=[made])
    [changed] = parts(incident.document(), "changed")
    assert changed["left_out"] == dict(made.left_out)
    assert run(hosts=3, proofs={"h": Proof.DEAD}).left_out == {}


def test_a_credential_that_is_not_listed_as_proved_dead_is_dead() -> None:
    made = run(proofs={**MANY, "still": Proof.UNPROVED})
    assert "grants[] proved dead" in made.left_out
    lives = {life.handle: life for life in made.lifetimes}
    still = lives.pop("still")
    assert (still.listed, still.proof, still.ended) == (True, "unproved", NOON + timedelta(minutes=10))
    assert lives.keys() == MANY.keys()
    for life in lives.values():
        assert (life.listed, life.proof, life.revoked, life.ended) == (False, "dead", None, made.ended)
        assert not life.live(NOON + timedelta(minutes=1))
    drawn = gantt.draw(made)
    assert drawn is not None
    assert sum("proved dead, not listed" in bar.title for bar in drawn.bars) == len(MANY)


def test_where_others_are_not_listed_either_none_is_taken_for_dead() -> None:
    made = run(proofs={**MANY, **LONG})
    assert "grants[] not proved dead" in made.left_out
    unlisted = [life for life in made.lifetimes if not life.listed]
    assert len(unlisted) >= len(MANY)
    assert {life.proof for life in unlisted} == {None}
    assert all(life.ended == life.expires for life in unlisted), "it may have lived until it expired"


@pytest.mark.parametrize("proofs", [MANY, {**MANY, "still": Proof.UNPROVED}])
def test_an_exception_is_what_is_not_proved_dead_alone(proofs: Mapping[str, Proof]) -> None:
    found = [item.what for item in find_exceptions(closed(proofs=proofs)) if item.kind == "unproved"]
    assert [why.partition(":")[0] for why in found] == [f"at-{name}" for name, proof in proofs.items() if proof is not Proof.DEAD]
