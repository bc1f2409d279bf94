"""Every question gets an end on the record: a run, another question, a refusal, time, or the end of its change."""

from datetime import timedelta

import pytest

from countersign.attestation.outline import Outline
from countersign.attestation.population import Population
from countersign.attestation.questions import named
from countersign.domain.outcomes import Fault, TooLargeFault
from countersign.domain.ports import ChangeState
from runners.pipeline import Ending
from tests.builders import SHOP_POLICY
from tests.fakes.runner import TRAILERS, RunnerWorld
from tests.support.audit import signer

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
PRODUCTION = {"db/production/shop/V2__note.sql": ADD}
OTHER = {"db/production/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN other text;\n"}
DROP = {"db/production/shop/V2__note.sql": "DROP TABLE orders;\n"}


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def told(world: RunnerWorld) -> str:
    population = Population()
    for entry in world.ledger.entries:
        about = (entry.seq, entry.kind, entry.key, entry.change, entry.run, named(entry.kind, entry.body))
        population.add(Outline(*about, recorded=entry.time, signer=signer().public, announces=None))
    return str(population)


def test_another_head_takes_the_place_of_the_question(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.world.push(ref, world.commit(OTHER, branch="proposals/0"))
    world.handle(ref)
    first, end, second = world.ledger.entries
    assert (end.kind.value, end.key) == ("superseded", first.key.replace("assessed", "superseded"))
    assert end.body["by"] == second.key
    assert end.body["question"] == {"asked": first.time.isoformat(), "digest": first.digest, "seq": 0}
    assert end.body["actor"] == first.body["actor"]
    assert told(world) == "2 questions = 1 open + 1 superseded; 0 refusals"


def test_a_refusal_takes_its_place_too(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.world.push(ref, world.commit(DROP, branch="proposals/0"))
    assert world.handle(ref) is Ending.REFUSED
    assert world.kinds() == ["assessed", "superseded", "refused"]
    assert [entry.body.get("why") for entry in world.ledger.entries][1] == "a refusal took its place"
    assert told(world) == "1 questions = 1 superseded; 1 refusals"


def test_no_question_ends_for_one_that_cannot_be_recorded(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.world.push(ref, world.commit(OTHER, branch="proposals/0"))
    world.ledger.fail_next("append", after=1, fault=TooLargeFault)
    assert world.handle(ref) is Ending.REFUSED
    assert world.kinds() == ["assessed", "refused"]
    assert [question.seq for question in world.ledger.open_questions()] == [0]


def test_no_freeze_is_said_to_be_lifted_for_a_run_that_cannot_be_announced() -> None:
    frozen = SHOP_POLICY.replace(
        "freezes:\n  year-end: {start: 2026-12-18T00:00",
        "emergency: {from: leads, count: 2, lifts: freezes, lasts: 1h, review_within: 24h}\n"
        "freezes:\n  year-end: {start: 2026-11-18T00:00",
    )
    world = RunnerWorld(policy=frozen)
    ref = world.propose(PRODUCTION, trailers=(*TRAILERS, ("Countersign-Emergency", "orders cannot be placed")))
    world.handle(ref)
    world.approve(ref, "wanda", "lea", "lou")
    world.ledger.fail_next("append", after=2, fault=TooLargeFault)  # the question stands, the emergency would fit
    assert world.handle(ref) is Ending.REFUSED
    assert world.kinds() == ["assessed", "refused"]
    assert world.handle(ref) is Ending.APPLIED
    assert world.kinds() == ["assessed", "refused", "emergency", "intent", "executed"]


def test_what_is_run_needs_no_other_end(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.approve(ref, "wanda")
    assert world.handle(ref) is Ending.APPLIED
    assert world.handle(ref) is Ending.APPLIED
    assert world.kinds() == ["assessed", "intent", "executed"]


@pytest.mark.parametrize(("state", "why"), [(ChangeState.CLOSED, "was closed"), (ChangeState.MERGED, "was merged without us")])
def test_a_change_that_is_gone_leaves_no_question_open(world: RunnerWorld, state: ChangeState, why: str) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.world.set_state(ref, state)
    assert world.handle(ref) is Ending.GONE
    assert world.handle(ref) is Ending.GONE
    assert world.kinds() == ["assessed", "expired"]
    assert world.ledger.entries[-1].body["why"] == f"the change {why}"
    assert told(world) == "1 questions = 1 expired; 0 refusals"


def test_a_question_that_comes_back_is_open_again(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    first = world.world.held(ref).head
    world.world.push(ref, world.commit(OTHER, branch="proposals/0"))
    world.handle(ref)
    world.world.push(ref, first)
    world.handle(ref)
    assert world.kinds() == ["assessed", "superseded", "assessed", "superseded"]
    assert [question.seq for question in world.ledger.open_questions()] == [0]
    assert told(world) == "2 questions = 1 open + 1 superseded; 0 refusals"
    world.world.set_state(ref, ChangeState.CLOSED)
    world.handle(ref)
    assert world.kinds()[-1] == "expired"
    assert told(world) == "2 questions = 1 expired + 1 superseded; 0 refusals"
    assert world.ledger.open_questions() == ()


def test_what_was_asked_beside_a_run_ends_with_the_change(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.approve(ref, "wanda")
    world.sandbox.fail_next()
    first = world.world.held(ref).head
    assert world.handle(ref) is Ending.FAILED
    world.world.push(ref, world.commit(OTHER, branch="proposals/0"))
    world.handle(ref)
    world.world.push(ref, first)
    world.world.set_state(ref, ChangeState.CLOSED)
    assert world.handle(ref) is Ending.FAILED
    assert world.kinds() == ["assessed", "intent", "failed", "assessed", "expired"]


class TestTimeRunsOut:
    FROZEN = SHOP_POLICY.replace("freezes:\n  year-end: {start: 2026-12-18T00:00", "freezes:\n  year-end: {start: 2026-11-18T00:00")

    def approved(self, world: RunnerWorld) -> Ending:
        self.ref = world.propose(PRODUCTION)
        world.handle(self.ref)
        world.approve(self.ref, "wanda")
        return world.handle(self.ref)

    def test_approvals_that_ran_out_in_a_freeze_end_the_question(self) -> None:
        world = RunnerWorld(policy=self.FROZEN)
        assert self.approved(world) is Ending.WAITING
        assert world.kinds() == ["assessed"]
        world.clock.moment += timedelta(days=2)
        for _ in range(2):
            assert world.handle(self.ref) is Ending.WAITING
        assert world.kinds() == ["assessed", "expired"]
        assert told(world) == "1 questions = 1 expired; 0 refusals"

    def test_approved_anew_it_runs_and_ends_as_a_run(self) -> None:
        world = RunnerWorld(policy=self.FROZEN)
        self.approved(world)
        world.clock.moment += timedelta(days=2)
        world.handle(self.ref)
        world.clock.moment += timedelta(days=90)
        world.world.unapprove(self.ref, world.people["wanda"])
        world.approve(self.ref, "wanda")
        assert world.handle(self.ref) is Ending.APPLIED
        assert told(world) == "1 questions = 1 executed; 0 refusals"

    def test_an_approval_that_lives_is_not_said_to_have_run_out(self) -> None:
        """In a freeze an emergency asks for more people; the tier's own have still said yes."""
        late = SHOP_POLICY.replace(
            "freezes:\n  year-end: {start: 2026-12-18T00:00",
            "emergency: {from: leads, count: 2, lifts: freezes, lasts: 1h, review_within: 24h}\n"
            "freezes:\n  year-end: {start: 2026-11-24T15:00",
        )
        world = RunnerWorld(policy=late)
        ref = world.propose(PRODUCTION, trailers=(*TRAILERS, ("Countersign-Emergency", "orders cannot be placed")))
        world.handle(ref)
        world.approve(ref, "wanda")
        world.clock.moment += timedelta(hours=8)
        assert world.handle(ref) is Ending.WAITING
        assert world.kinds() == ["assessed"]

    def test_one_who_never_counted_hides_nothing(self) -> None:
        world = RunnerWorld(policy=self.FROZEN)
        self.approved(world)
        world.clock.moment += timedelta(days=2)
        world.approve(self.ref, "sam")
        assert world.handle(self.ref) is Ending.WAITING
        assert world.kinds() == ["assessed", "expired"]
        approvals = world.ledger.entries[-1].body["approvals"]
        assert isinstance(approvals, list)
        assert {item["username"] for item in approvals} == {"wanda", "sam"}

    def test_what_was_never_enough_does_not_run_out(self) -> None:
        world = RunnerWorld()
        ref = world.propose(PRODUCTION)
        world.handle(ref)
        world.approve(ref, "lea")
        world.clock.moment += timedelta(days=2)
        world.handle(ref)
        assert world.kinds() == ["assessed"]


def test_a_branch_that_is_away_ends_it_later(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.world.set_state(ref, ChangeState.CLOSED)
    world.ledger.fail_next("append")
    with pytest.raises(Fault):
        world.handle(ref)
    assert world.handle(ref) is Ending.GONE
    assert world.kinds() == ["assessed", "expired"]
