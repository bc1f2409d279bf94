"""A promotion is on the record before anything relies on it, and is taken back together with the outcome that lost it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from countersign.attestation.inputs import enclosed
from countersign.attestation.record import Draft, RecordKind
from countersign.domain.ids import run_id
from countersign.domain.outcomes import Fault, SandboxFault
from runners import promotions
from runners.pipeline import Ending
from runners.reaper import Reaper
from tests.builders import SHOP_POLICY
from tests.fakes.outbox import FakeOutbox
from tests.fakes.runner import TRAILERS, RunnerWorld
from tests.support.bodies import body

SKILL = (*TRAILERS, ("Countersign-Skill", "add-a-column"))
EARNED = """\
autonomy:
  - promote: medium -> low
    each: [skill, service]
    after: {runs: 3, days: 5, approvers: 2}
    by: leads
    demote_on: [rollback]
    earned: [{skill: add-a-column, service: shop, since: 2026-11-01T00:00Z}]
"""
POLICY = SHOP_POLICY.replace('paths: ["db/staging/**"], tier: low', 'paths: ["db/staging/**"], tier: medium') + EARNED


def add(column: str) -> dict[str, str]:
    return {f"db/staging/shop/V2__{column}.sql": f"ALTER TABLE orders ADD COLUMN {column} text;\n"}


def die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld(policy=POLICY)


def promotion(world: RunnerWorld, number: int = 0) -> Mapping[str, object]:
    told = world.ledger.entries[number].body["promotion"]
    assert isinstance(told, Mapping)
    return told


def test_it_is_confirmed_once_and_then_runs_without_approval(world: RunnerWorld) -> None:
    first = world.propose(add("note"), trailers=SKILL)
    assert world.handle(first) is Ending.APPLIED
    assert world.kinds() == ["promoted", "assessed", "intent", "executed"]
    confirmed, asked = world.ledger.entries[:2]
    assert confirmed.body["promotion"] == {
        "combination": {"service": "shop", "skill": "add-a-column"},
        "in_force": True,
        "name": confirmed.key.removeprefix("promoted/"),
        "since": "2026-11-01T00:00:00+00:00",
        "step": "medium -> low",
    }
    assert confirmed.body["policy"] == asked.body["policy"]
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.APPLIED
    assert world.kinds()[4:] == ["assessed", "intent", "executed"]


@pytest.mark.parametrize("skill", ["x, since: 2020-01-01T00:00Z}  #", "two words", "s" * 65])
def test_what_is_no_name_of_a_skill_is_refused(world: RunnerWorld, skill: str) -> None:
    ref = world.propose(add("note"), trailers=(*TRAILERS, ("Countersign-Skill", skill)))
    assert world.handle(ref) is Ending.REFUSED
    assert "Countersign-Skill is no name: letters, digits" in str(world.ledger.entries[-1].body["why"])


def test_a_commit_of_somebody_else_on_the_agents_branch_waits(world: RunnerWorld) -> None:
    ref = world.propose(add("note"))
    world.handle(ref)
    head = world.repository.commit(add("more"), branch="proposals/0", author="wanda@example.com", trailers=SKILL[2:])
    world.world.push(ref, head)
    assert world.handle(ref) is Ending.WAITING
    assert "promoted" not in world.kinds()


def test_another_kind_of_change_still_waits(world: RunnerWorld) -> None:
    assert world.handle(world.propose(add("note"))) is Ending.WAITING
    assert world.kinds() == ["assessed"]


def test_a_run_that_fails_loses_it_for_good_and_at_once(world: RunnerWorld) -> None:
    ref = world.propose(add("note"), trailers=SKILL)
    world.sandbox.fail_next()
    assert world.handle(ref) is Ending.FAILED
    assert world.kinds() == ["promoted", "assessed", "intent", "failed", "demoted"]
    confirmed, *_, intent, _, lost = world.ledger.entries
    assert lost.key == confirmed.key.replace("promoted", "demoted")
    assert (lost.change, lost.body["by"]) == (ref, intent.run)
    assert lost.body["why"] == "its run failed"
    assert promotion(world, -1) == {**promotion(world), "in_force": False}
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.WAITING
    assert world.kinds()[5:] == ["assessed"]


def test_what_was_lost_is_earned_anew_with_a_later_word_of_the_policy(world: RunnerWorld) -> None:
    world.sandbox.fail_next()
    world.handle(world.propose(add("note"), trailers=SKILL))
    world.repository.commit({".countersign/policy.yaml": POLICY.replace("11-01T", "11-24T")}, parent=world.repository.tip("main"))
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.APPLIED
    assert world.kinds()[5:] == ["promoted", "assessed", "intent", "executed"]


def test_a_run_whose_runner_died_loses_it_too(world: RunnerWorld) -> None:
    ref = world.propose(add("note"), trailers=SKILL)
    world.sandbox.act = die
    with pytest.raises(KeyboardInterrupt):
        world.handle(ref)
    assert world.handle(ref) is Ending.LOST
    assert world.kinds()[-2:] == ["lost", "demoted"]


def test_what_is_lost_goes_with_the_outcome_in_one_push(world: RunnerWorld) -> None:
    pushed: list[list[RecordKind]] = []

    def act(*_: object) -> None:
        world.ledger.before_push = lambda drafts: pushed.append([draft.kind for draft in drafts])
        raise SandboxFault("the engine is away")

    world.sandbox.act = act
    assert world.handle(world.propose(add("note"), trailers=SKILL)) is Ending.FAILED
    assert pushed == [[RecordKind.FAILED, RecordKind.DEMOTED]]


def test_an_outcome_that_does_not_stand_loses_nothing(world: RunnerWorld) -> None:
    """One who takes the runner for dead is about to say lost; it comes back in that moment, and the run has ended well."""
    ref = world.propose(add("note"), trailers=SKILL)
    world.sandbox.act = lambda *_: world.ledger.fail_next("append")
    with pytest.raises(Fault):
        world.handle(ref)
    world.sandbox.act = None
    elsewhere = replace(world.pipeline.closer, outbox=FakeOutbox())

    def meanwhile(*_: object) -> None:
        world.leases.drop(run_id(ref, world.world.held(ref).head))
        assert world.handle(ref) is Ending.APPLIED

    world.ledger.before_push = meanwhile
    world.clock.sleep(60)
    [entry], _ = Reaper(elsewhere, world.leases, world.pipeline.environments).sweep(world.ledger)
    assert entry.kind is RecordKind.EXECUTED
    assert world.kinds() == ["promoted", "assessed", "intent", "executed"]
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.APPLIED


@pytest.mark.parametrize("how", ["died", "disk"])
def test_a_run_that_never_began_loses_nothing(world: RunnerWorld, how: str) -> None:
    """It tells of a push, a runner or a disk, and nothing of the kind of change."""

    def fails(kind: RecordKind) -> None:
        if kind is RecordKind.INTENT:
            die() if how == "died" else world.outbox.fail_next("swap")

    world.ledger.after_append = fails
    ref = world.propose(add("note"), trailers=SKILL)
    with suppress(KeyboardInterrupt):
        world.handle(ref)
    world.ledger.after_append = None
    assert world.handle(ref) is Ending.FAILED
    assert world.kinds() == ["promoted", "assessed", "intent", "failed"]
    assert world.ledger.entries[-1].body["began"] is False
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.APPLIED


@pytest.mark.parametrize("method", ["mint", "run"])
def test_a_run_that_may_have_begun_loses_it_whatever_came_of_it(world: RunnerWorld, method: str) -> None:
    if method == "mint":
        world.broker.fail_next("mint")
    else:
        world.sandbox.fail_next()
    assert world.handle(world.propose(add("note"), trailers=SKILL)) is Ending.FAILED
    assert world.kinds()[-1] == "demoted"
    assert "began" not in world.ledger.entries[-2].body


@pytest.mark.parametrize("more", [{"result": {"ok": False}}, {"grants": [{"handle": "h", "minted": "2026-11-24T12:00:00+00:00"}]}])
def test_what_says_that_it_never_began_beside_what_it_did_is_not_believed(world: RunnerWorld, more: dict[str, object]) -> None:
    world.handle(world.propose(add("note"), trailers=SKILL))
    intent = world.ledger.entries[2]
    for kept, count in (({}, 0), (more, 1)):
        body = {"began": False, "grants": [], "result": None} | kept
        outcome = Draft(RecordKind.FAILED, "outcome/x", "Failed", intent.change, intent.run, world.clock(), body)
        assert len(promotions.lost(intent, outcome)) == count


def test_while_the_record_cannot_be_written_nothing_is_milder(world: RunnerWorld) -> None:
    ref = world.propose(add("note"), trailers=SKILL)
    world.ledger.fail_next("append")
    with pytest.raises(Fault):
        world.handle(ref)
    assert world.kinds() == []
    assert world.handle(ref) is Ending.APPLIED


def test_the_record_holds_what_it_was_decided_from(world: RunnerWorld) -> None:
    world.handle(world.propose(add("note"), trailers=SKILL))
    _, asked, intent, _ = world.ledger.entries
    name = str(promotion(world)["name"])
    for entry in (asked, intent):
        found = enclosed(entry.body)
        assert getattr(found, "evidence").backed == {name}  # noqa: B009 - either inputs, or a word why there are none


def taken_back(world: RunnerWorld, name: str | None = None) -> str | None:
    told = str(promotion(world)["name"]) if name is None else name
    return promotions.take_back(world.ledger, told, why="orders were slow since then", by="lea", now=world.clock())


def test_people_take_it_back_once(world: RunnerWorld) -> None:
    world.handle(world.propose(add("note"), trailers=SKILL))
    assert taken_back(world) == "record 4: demoted"
    assert world.ledger.entries[-1].body["by"] == "lea"
    assert taken_back(world) == "record 4: taken back already"
    assert taken_back(world, "sha256:" + "0" * 64) is None
    world.ledger.fail_next("append")
    with pytest.raises(Fault):
        taken_back(world)
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.WAITING


def test_what_is_taken_back_between_question_and_run_does_not_run(world: RunnerWorld) -> None:
    world.handle(world.propose(add("note"), trailers=SKILL))

    def meanwhile(kind: RecordKind) -> None:
        if kind is RecordKind.INTENT:
            world.ledger.after_append = None
            taken_back(world)

    world.ledger.after_append = meanwhile
    ref = world.propose(add("more"), trailers=SKILL)
    assert world.handle(ref) is Ending.FAILED
    assert world.kinds()[4:] == ["assessed", "intent", "demoted", "failed"]
    assert "was taken back before this run began" in str(world.ledger.entries[-1].body["fault"])
    assert len(world.sandbox.specs) == 1
    assert world.broker.live == frozenset()


def test_an_outcome_of_an_earlier_version_is_mended(world: RunnerWorld) -> None:
    """A runner that knows nothing of promotions closed the run: what it lost is taken back when somebody looks."""
    ref = world.propose(add("note"), trailers=SKILL)
    world.sandbox.act = die
    with pytest.raises(KeyboardInterrupt):
        world.handle(ref)
    intent = world.ledger.entries[-1]
    world.ledger.append(
        Draft(RecordKind.LOST, f"outcome/{intent.run}", "Lost sight of it", ref, intent.run, world.clock(), body(RecordKind.LOST))
    )
    assert world.handle(ref) is Ending.LOST
    assert world.handle(ref) is Ending.LOST
    assert world.kinds()[-2:] == ["lost", "demoted"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"result": {"tainted": True}}, "its run showed a credential"),
        ({"grants": [{"proof": "unproved"}]}, "a credential of its run was not proved dead"),
        ({"result": {"tainted": False}, "grants": [{"proof": "dead"}]}, None),
        ({}, None),
    ],
)
def test_what_goes_wrong_though_it_was_executed(world: RunnerWorld, body: dict[str, object], why: str | None) -> None:
    world.handle(world.propose(add("note"), trailers=SKILL))
    intent = world.ledger.entries[2]
    outcome = Draft(RecordKind.EXECUTED, "outcome/x", "Applied", intent.change, intent.run, world.clock(), body)
    assert [draft.body["why"] for draft in promotions.lost(intent, outcome)] == ([] if why is None else [why])


def test_what_was_not_in_force_is_not_lost() -> None:
    later = RunnerWorld(policy=POLICY.replace("2026-11-01T00:00Z", "2026-12-24T00:00Z"))
    ref = later.propose(add("note"), trailers=SKILL)
    assert later.handle(ref) is Ending.WAITING
    later.approve(ref, "wanda")
    later.sandbox.fail_next()
    assert later.handle(ref) is Ending.FAILED
    assert later.kinds() == ["assessed", "intent", "failed"], "what begins later is neither confirmed nor lost"


TWO_TEAMS = POLICY.replace(
    "medium: {mode: approve, approvals: [{from: web}], expires: 24h}",
    "medium: {mode: approve, approvals: [{from: web}, {from: leads}], expires: 24h}",
).replace("low: {mode: autonomous}", "low: {mode: approve, approvals: [{from: web}], expires: 24h}")


def test_what_was_approved_in_the_milder_tier_was_not_approved_in_the_other() -> None:
    world = RunnerWorld(policy=TWO_TEAMS.replace("2026-11-01T00:00Z", "2026-11-24T12:01Z"))
    ref = world.propose(add("note"), trailers=SKILL)
    assert world.handle(ref) is Ending.WAITING
    world.clock.moment += timedelta(minutes=2)
    assert world.handle(ref) is Ending.WAITING
    assert world.kinds() == ["assessed", "promoted", "superseded", "assessed"]
    world.approve(ref, "lea")
    taken_back(world, str(world.ledger.entries[1].key.removeprefix("promoted/")))
    assert world.handle(ref) is Ending.WAITING
    world.approve(ref, "wanda")
    assert world.handle(ref) is Ending.WAITING, "lea said yes to something else"
    world.world.unapprove(ref, world.people["lea"])
    world.approve(ref, "lea")
    assert world.handle(ref) is Ending.APPLIED
