"""What a record says beside its decision is held to what that was made from; honest records of every kind agree with it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from countersign.attestation.accounts.plain import texts
from countersign.attestation.contradiction import contradicted
from countersign.attestation.inputs import Unrecorded, enclosed
from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import DECIDING, LISTED, Draft, Entry, RecordKind
from countersign.domain.decide import decide
from countersign.domain.ids import ChangeRef, RunId
from countersign.domain.policy import Policy
from tests.builders import SHOP_POLICY
from tests.fakes.ledger import FakeLedger
from tests.fakes.runner import TRAILERS, RunnerWorld
from tests.support.drafts import draft_of
from tests.support.policies import policy

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
TWO = {"db/production/shop/V2__note.sql": ADD, "db/production/shop/V3__note.sql": ADD}
FROZEN = SHOP_POLICY.replace(
    "freezes:\n  year-end: {start: 2026-12-18T00:00",
    "emergency: {from: leads, count: 2, lifts: freezes, lasts: 1h, review_within: 24h}\n"
    "freezes:\n  year-end: {start: 2026-11-18T00:00",
)
URGENT = (*TRAILERS, ("Countersign-Emergency", "orders cannot be placed"))
OTHER = "9" * 40


def records() -> Iterator[tuple[Policy, Entry]]:
    """Give a runner's records of all kinds that hold a decision."""
    for text, files, trailers, approvers in (
        (SHOP_POLICY, {"db/staging/shop/V2__note.sql": ADD}, TRAILERS, ()),
        (SHOP_POLICY, TWO, (*TRAILERS, ("Countersign-Skill", "add-a-column")), ("wanda",)),
        (SHOP_POLICY, {"db/production/shop/V3__gone.sql": "DROP TABLE orders;\n"}, TRAILERS, ()),
        (SHOP_POLICY, {"docs/AGENTS.md": "Be kind.\n"}, (), ("lea", "lou", "wanda")),
        (SHOP_POLICY, {".countersign/policy.yaml": SHOP_POLICY + "# more\n"}, TRAILERS, ("lea", "lou", "wanda")),
        (FROZEN, {"db/production/shop/V2__note.sql": ADD}, URGENT, ("wanda", "lea", "lou")),
    ):
        world = RunnerWorld(policy=text)
        ref = world.propose(files, trailers=trailers, author=None if trailers else world.people["wim"])
        world.handle(ref)
        world.approve(ref, *approvers)
        world.handle(ref)
        yield from ((policy(text), entry) for entry in world.ledger.entries if "decision" in entry.body)


RECORDS = tuple(records())


def one(kind: RecordKind) -> tuple[Policy, Entry]:
    """Give the record of a kind with most in it."""
    return max((found for found in RECORDS if found[1].kind is kind), key=lambda found: len(found[1].raw))


def wrong(by: Policy, entry: Entry) -> list[str]:
    inputs = enclosed(entry.body)
    assert not isinstance(inputs, Unrecorded)
    again = decide(by, inputs.proposal, inputs.evidence, now=inputs.now)
    assert json.loads(json.dumps(again.document())) == entry.body["decision"], "whoever forges leaves the decision alone"
    return contradicted(entry, inputs, again, by)


def forged(draft: Draft) -> Entry:
    """Write it as a runner would: well-formed, and signed where it matters."""
    return FakeLedger().append(draft)


def saying(entry: Entry, place: tuple[str | int, ...], other: object) -> dict[str, object]:
    """Give the record's body with something else in one place."""
    body: dict[str, object] = json.loads(json.dumps(entry.body))
    inner: Any = body
    for name in place[:-1]:
        inner = inner[name]
    assert inner[place[-1]] != other
    inner[place[-1]] = other
    return body


@pytest.mark.parametrize(("by", "entry"), RECORDS, ids=[f"{entry.kind}-{entry.change}" for _, entry in RECORDS])
def test_an_honest_record_agrees(by: Policy, entry: Entry) -> None:
    assert wrong(by, entry) == []
    assert wrong(by, forged(draft_of(entry))) == [], "and is the same in another log"


def test_of_many_paths_a_record_lists_the_first_beside_its_inputs() -> None:
    world = RunnerWorld()
    world.handle(world.propose({f"docs/{number}": "x\n" for number in range(LISTED + 5)}))
    [entry] = world.ledger.entries
    paths = texts(entry.body, "change", "paths")
    assert len(paths) == LISTED
    assert wrong(policy(SHOP_POLICY), entry) == []
    for other in (paths[:-1], [*paths, f"docs/{LISTED}"]):
        assert wrong(policy(SHOP_POLICY), replace(entry, body=saying(entry, ("change", "paths"), other))) == ["change.paths"]


def test_all_kinds_that_hold_a_decision_are_among_them() -> None:
    assert {entry.kind for _, entry in RECORDS} == DECIDING | {RecordKind.EMERGENCY}


@pytest.mark.parametrize("kind", sorted({entry.kind for _, entry in RECORDS}))
def test_a_record_is_of_the_change_and_the_commit_that_were_judged(kind: RecordKind) -> None:
    by, entry = one(kind)
    draft = draft_of(entry)
    assert wrong(by, forged(replace(draft, change=ChangeRef("acme/other", 999)))) == ["predicate.change"]
    assert wrong(by, forged(replace(draft, subject=(("head", {"gitCommit": OTHER}),)))) == ["subject"]


@pytest.mark.parametrize(
    ("recorded", "as_kind"),
    [
        (RecordKind.REFUSED, RecordKind.ALLOWED),
        (RecordKind.REFUSED, RecordKind.ASSESSED),
        (RecordKind.ASSESSED, RecordKind.REFUSED),
        (RecordKind.ASSESSED, RecordKind.ALLOWED),
        (RecordKind.ALLOWED, RecordKind.ASSESSED),
        (RecordKind.INTENT, RecordKind.ALLOWED),
        (RecordKind.EMERGENCY, RecordKind.ASSESSED),
    ],
)
def test_a_record_is_of_a_kind_that_goes_with_its_decision(recorded: RecordKind, as_kind: RecordKind) -> None:
    by, entry = one(recorded)
    body = {name: value for name, value in entry.body.items() if name not in {"leases", "stage", "why"}}
    body |= {"ocsf": ocsf(as_kind)} | ({"stage": "policy", "why": "so"} if as_kind is RecordKind.REFUSED else {})
    key = f"{as_kind}/{entry.key.partition('/')[2]}"
    found = wrong(by, forged(replace(draft_of(entry), kind=as_kind, key=key, run=None, body=body)))
    assert "predicate.kind" in found
    assert {*found} <= {"predicate.key", "predicate.kind"}


def test_a_question_without_approvals_does_not_allow_a_change_that_asks_for_them() -> None:
    by, entry = next(found for found in RECORDS if found[1].kind is RecordKind.ASSESSED and "AGENTS.md" in str(found[1].body))
    as_allowed = replace(draft_of(entry), kind=RecordKind.ALLOWED, key=f"allowed/{entry.key.partition('/')[2]}")
    assert wrong(by, forged(as_allowed)) == ["predicate.kind"]


@pytest.mark.parametrize("kind", [RecordKind.ASSESSED, RecordKind.EMERGENCY])
def test_a_key_names_what_was_asked_or_run(kind: RecordKind) -> None:
    by, entry = one(kind)
    assert wrong(by, forged(replace(draft_of(entry), key=f"{kind}/other"))) == ["predicate.key"]


def test_an_intent_names_its_run() -> None:
    by, entry = one(RecordKind.INTENT)
    run = RunId("run-" + "a" * 20)
    assert wrong(by, forged(replace(draft_of(entry), key=f"intent/{run}", run=run))) == ["predicate.run_id"]


@pytest.mark.parametrize(
    ("place", "other", "field"),
    [
        (("actor", "agent", "id"), "other", "actor.agent.id"),
        (("actor", "agent", "strength"), 2, "actor.agent.strength"),
        (("actor", "approvers", 0, "at"), "2026-01-01T00:00:00+00:00", "actor.approvers"),
        (("actor", "approvers", 0, "member_by"), "acme/board", "actor.approvers.member_by"),
        (("actor", "approvers", 0, "team"), "board", "actor.approvers"),
        (("actor", "sponsor"), None, "actor.sponsor"),
        (("binding",), f"sha256:{'9' * 64}", "binding"),
        (("change", "base"), OTHER, "change.base"),
        (("change", "counts_as"), {"skill": "other"}, "change.counts_as"),
        (("change", "lines"), 1, "change.lines"),
        (("change", "paths"), ["docs/harmless.md"], "change.paths"),
        (("change", "paths"), ["db/production/shop/V2__note.sql"], "change.paths"),
        (("change", "paths"), [], "change.paths"),
        (("change", "paths_total"), 1, "change.paths_total"),
        (("change", "repository"), "acme/other", "change.repository"),
        (("change", "source_branch"), "other", "change.source_branch"),
        (("change", "tree"), OTHER, "change.tree"),
        (("claims", "skill"), "other", "claims.skill"),
        (("leases",), [], "leases"),
        (("leases", 0, "scope", "name"), "other", "leases"),
        (("leases", 0, "scope", "parameters", "role"), "owner", "leases"),
        (("leases", 0, "scope", "ttl"), 86400, "leases"),
        (("ocsf", "severity_id"), 4, "ocsf"),
        (("policy", "commit"), OTHER, "policy.commit"),
    ],
)
def test_a_field_that_says_otherwise_is_named(place: tuple[str | int, ...], other: object, field: str) -> None:
    by, entry = next(found for found in RECORDS if found[1].kind is RecordKind.INTENT and "V3__note" in str(found[1].body))
    assert wrong(by, forged(replace(draft_of(entry), body=saying(entry, place, other)))) == [field]


@pytest.mark.parametrize("other", [[], {}, 7])
def test_what_no_runner_writes_and_a_key_can_sign_is_named_too(other: object) -> None:
    by, entry = one(RecordKind.INTENT)
    assert wrong(by, replace(entry, body=saying(entry, ("actor", "approvers", 0, "member_by"), other))) == [
        "actor.approvers.member_by"
    ]
