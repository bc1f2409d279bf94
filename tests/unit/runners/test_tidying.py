"""What a runner's death leaves in its outbox goes when nobody will ask for it again, and not before."""

from typing import cast

import pytest

from countersign.adapters.forges.gitlab import GitLabForge
from countersign.attestation.record import RecordKind
from countersign.domain.ids import ChangeRef, RunId, run_id
from countersign.domain.outcomes import Fault, LedgerFault
from runners.pipeline import Ending
from runners.settings import RunnerSettings
from runners.wiring import Rooms, Sweeper
from tests.fakes.ledger import FakeLedger
from tests.fakes.runner import PROJECT, RunnerWorld

STAGING = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}


def die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def dies(world: RunnerWorld) -> RunId:
    """Let a runner begin, and die where the test says."""
    ref = world.propose(STAGING)
    with pytest.raises(KeyboardInterrupt):
        world.handle(ref)
    run = run_id(ref, world.world.held(ref).head)
    assert world.outbox.reserved == {run}
    return run


def test_a_death_before_the_intent_leaves_no_room_taken(world: RunnerWorld) -> None:
    world.outbox.act = die
    dies(world)
    assert world.reaper().tidy({PROJECT: world.ledger}) == []
    assert world.outbox.reserved == set()


def test_a_death_behind_the_outcome_leaves_no_room_taken(world: RunnerWorld) -> None:
    world.ledger.after_append = lambda kind: die() if kind is RecordKind.EXECUTED else None
    dies(world)
    assert world.outbox.kept
    assert world.reaper().tidy({"acme/other": FakeLedger(), PROJECT: world.ledger}) == []
    assert (world.outbox.reserved, world.outbox.kept) == (set(), {})


def test_a_run_that_was_closed_elsewhere_while_it_ran_leaves_no_room_taken(world: RunnerWorld) -> None:
    ref = world.propose(STAGING)

    def elsewhere(*_: object) -> None:
        world.leases.drop(run_id(ref, world.world.held(ref).head))
        world.clock.sleep(60)
        world.reaper().sweep(world.ledger)

    world.sandbox.act = elsewhere
    assert world.handle(ref) is Ending.LOST
    assert (world.outbox.reserved, world.outbox.kept) == (set(), {})


@pytest.mark.parametrize("where", ["intent", "run"])
def test_an_open_intent_keeps_its_file(world: RunnerWorld, where: str) -> None:
    if where == "intent":
        world.ledger.after_append = lambda kind: die() if kind is RecordKind.INTENT else None
    else:
        world.sandbox.act = die
    run = dies(world)
    assert world.reaper().tidy({"acme/other": FakeLedger(), PROJECT: world.ledger}) == []
    assert world.outbox.reserved == {run}


def unrecorded(world: RunnerWorld) -> ChangeRef:
    """Apply a change whose outcome is only in the outbox."""
    world.sandbox.act = lambda *_: world.ledger.fail_next("append")
    ref = world.propose(STAGING)
    with pytest.raises(LedgerFault):
        world.handle(ref)
    return ref


def test_what_is_not_recorded_yet_stays_and_becomes_the_outcome(world: RunnerWorld) -> None:
    ref = unrecorded(world)
    world.reaper().tidy({PROJECT: world.ledger})
    assert world.handle(ref) is Ending.APPLIED


def test_a_result_of_a_project_that_is_served_no_more_stays(world: RunnerWorld) -> None:
    unrecorded(world)
    world.reaper().tidy({"acme/other": FakeLedger()})
    assert world.outbox.kept


def test_whoever_is_at_work_keeps_the_room(world: RunnerWorld) -> None:
    run = RunId("run-" + "b" * 20)
    world.outbox.reserve(run)
    world.leases.take(run)
    world.reaper().tidy({PROJECT: world.ledger})
    assert world.outbox.reserved == {run}
    world.leases.drop(run)
    world.reaper().tidy({PROJECT: world.ledger})
    assert world.outbox.reserved == set()


def test_where_a_record_cannot_be_read_nothing_is_removed(world: RunnerWorld) -> None:
    first, second = RunId("run-" + "b" * 20), RunId("run-" + "c" * 20)
    world.outbox.reserve(first)
    world.outbox.reserve(second)
    world.ledger.fail_next("find")
    [fault] = world.reaper().tidy({PROJECT: world.ledger})
    assert isinstance(fault, LedgerFault)
    assert world.outbox.reserved == {first}, "what could not be found out waits, and holds up nothing else"
    world.outbox.fail_next("runs")
    [fault] = world.reaper().tidy({PROJECT: world.ledger})
    assert type(fault) is Fault


def test_the_sweeper_tidies_by_the_records_of_all_its_projects(world: RunnerWorld) -> None:
    other = RunnerWorld()
    settings = RunnerSettings.model_construct(projects=(PROJECT, "acme/other"), branch="main")
    rooms = Rooms(settings, cast("GitLabForge", world.forge), {PROJECT: world.room, "acme/other": other.room})
    sweeper = Sweeper(rooms, world.reaper())
    world.sandbox.act = die
    run = dies(world)
    world.outbox.reserve(RunId("run-" + "b" * 20))
    assert sweeper.sweep("acme/other") == ([], [])
    assert sweeper.tidy() == []
    assert world.outbox.reserved == {run}
    world.clock.sleep(60)
    assert [entry.kind.value for entry in sweeper.sweep(PROJECT)[0]] == ["lost"]
    assert sweeper.tidy() == []
    assert world.outbox.reserved == set()
