"""A run that was announced and never began is told as that; one that may have begun never is."""

import pytest

from countersign.attestation.record import RecordKind
from countersign.domain.ids import ChangeRef, RunId, run_id
from countersign.domain.outcomes import Fault, LedgerFault
from countersign.domain.ports import StatusState
from runners.announced import NEVER_BEGAN
from runners.pipeline import Ending
from tests.fakes.outbox import FakeOutbox
from tests.fakes.runner import PROJECT, RunnerWorld

STAGING = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}


def die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def lose_the_answer(world: RunnerWorld) -> None:
    """Let the intent get to the audit branch, and its answer not back."""

    def lost(kind: RecordKind) -> None:
        if kind is RecordKind.INTENT:
            raise LedgerFault("the remote went silent")

    world.ledger.after_append = lost


def run_of(world: RunnerWorld, ref: ChangeRef) -> RunId:
    return run_id(ref, world.world.held(ref).head)


def is_told_as_never_begun(world: RunnerWorld, ref: ChangeRef) -> None:
    assert world.kinds() == ["assessed", "intent", "failed"]
    assert world.ledger.entries[-1].body["fault"] == NEVER_BEGAN
    [(_, said)] = world.world.comments(ref)
    assert "The run failed: it was announced and never began: nothing was minted, nothing was run." in said
    assert "push a new commit" in said
    assert "may have taken effect" not in said
    assert world.world.statuses[PROJECT, world.world.held(ref).head].state is StatusState.FAILED
    assert (world.broker.minted, world.sandbox.specs) == ([], [])
    assert world.outbox.reserved == set()


def test_an_intent_whose_answer_was_lost_never_began(world: RunnerWorld) -> None:
    lose_the_answer(world)
    ref = world.propose(STAGING)
    with pytest.raises(LedgerFault, match="silent"):
        world.handle(ref)
    assert world.handle(ref) is Ending.FAILED
    is_told_as_never_begun(world, ref)
    assert world.handle(ref) is Ending.FAILED
    is_told_as_never_begun(world, ref)


def test_a_death_between_intent_and_mint_is_told_as_that_by_the_sweep_too(world: RunnerWorld) -> None:
    world.ledger.after_append = lambda kind: die() if kind is RecordKind.INTENT else None
    ref = world.propose(STAGING)
    with pytest.raises(KeyboardInterrupt):
        world.handle(ref)
    world.clock.sleep(60)
    world.reaper().sweep(world.ledger)
    assert world.handle(ref) is Ending.FAILED
    is_told_as_never_begun(world, ref)


@pytest.mark.parametrize("where", ["mint", "run"])
def test_a_death_behind_the_mint_is_lost(world: RunnerWorld, where: str) -> None:
    world.broker.act, world.sandbox.act = (die, None) if where == "mint" else (None, die)
    ref = world.propose(STAGING)
    with pytest.raises(KeyboardInterrupt):
        world.handle(ref)
    world.broker.act = world.sandbox.act = None
    assert world.handle(ref) is Ending.LOST
    assert world.broker.live == frozenset()


def test_until_it_is_recorded_it_is_said_to_be_announced(world: RunnerWorld) -> None:
    lose_the_answer(world)
    ref = world.propose(STAGING)
    with pytest.raises(LedgerFault):
        world.handle(ref)
    world.broker.fail_next("revoke")
    with pytest.raises(Fault):
        world.handle(ref)
    assert world.world.statuses[PROJECT, world.world.held(ref).head].description == "announced, not yet recorded"
    assert world.handle(ref) is Ending.FAILED
    is_told_as_never_begun(world, ref)


def test_where_the_room_goes_before_the_mark_is_in_it_nothing_is_announced(world: RunnerWorld) -> None:
    """An intent would be one that nobody can begin, and use up the head."""
    ref = world.propose(STAGING)

    def tidied() -> None:
        world.outbox.act = None
        run = run_of(world, ref)
        assert world.outbox.drop(run, world.outbox.get(run))

    world.outbox.act = tidied
    with pytest.raises(Fault, match="its room in the outbox went to another, or away"):
        world.handle(ref)
    assert world.kinds() == ["assessed"]
    assert world.handle(ref) is Ending.APPLIED


def test_an_intent_that_did_not_get_there_is_announced_at_the_next_look(world: RunnerWorld) -> None:
    world.ledger.fail_next("append_all", after=1)
    ref = world.propose(STAGING)
    with pytest.raises(LedgerFault):
        world.handle(ref)
    assert world.outbox.kept, "nobody here knows that it is not on the record"
    assert world.handle(ref) is Ending.APPLIED
    assert world.outbox.reserved == set()


def test_one_that_did_not_get_there_before_a_push_leaves_no_room_taken(world: RunnerWorld) -> None:
    world.ledger.fail_next("append_all", after=1)
    ref = world.propose(STAGING)
    with pytest.raises(LedgerFault):
        world.handle(ref)
    world.world.push(ref, world.commit({"README.md": "Other.\n"}, branch="proposals/0"))
    world.tidy("acme/other")
    assert world.outbox.reserved, "of a project that is served no more: its intent may be open"
    world.tidy()
    assert world.outbox.reserved == set()


def test_the_mark_of_another_runners_announcement_says_nothing(world: RunnerWorld) -> None:
    """Two announce the same run; the other one is faster, from another disk, and dies in it. Our mark must not speak for it."""
    ref = world.propose(STAGING)
    ours, theirs = world.outbox, FakeOutbox()

    def meanwhile() -> None:
        ours.act = None
        world.leases.drop(run_of(world, ref))
        world.outbox, world.sandbox.act = theirs, die
        with pytest.raises(KeyboardInterrupt):
            world.runner().handle(ref, world.room)
        world.outbox, world.sandbox.act = ours, None
        world.ledger.fail_next("append", why="the remote went silent")

    ours.act = meanwhile
    with pytest.raises(LedgerFault, match="silent"):
        world.handle(ref)
    assert ours.kept, "our mark is there, and the intent that stands is theirs"
    assert world.handle(ref) is Ending.LOST


def test_of_one_who_begins_and_one_who_closes_only_one_does(world: RunnerWorld) -> None:
    """A runner sleeps behind its intent; another says that it never began, and cannot record it yet. Then the sleeper wakes."""
    ref = world.propose(STAGING)

    def asleep(kind: RecordKind) -> None:
        if kind is RecordKind.INTENT:
            world.ledger.after_append = None
            world.leases.drop(run_of(world, ref))
            world.clock.sleep(60)
            world.ledger.fail_next("append")
            assert len(world.reaper().sweep(world.ledger)[1]) == 1

    world.ledger.after_append = asleep
    assert world.handle(ref) is Ending.FAILED
    assert (world.broker.minted, world.sandbox.specs) == ([], [])
    assert world.kinds() == ["assessed", "intent", "failed"]


def test_a_disk_that_cannot_say_that_it_begins_lets_nothing_begin(world: RunnerWorld) -> None:
    world.ledger.after_append = lambda kind: world.outbox.fail_next("swap") if kind is RecordKind.INTENT else None
    ref = world.propose(STAGING)
    assert world.handle(ref) is Ending.FAILED
    assert world.broker.minted == []
    assert world.outbox.reserved == set()
