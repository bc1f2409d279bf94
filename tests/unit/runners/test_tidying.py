"""What a runner's death leaves in its outbox goes when nobody will ask for it again, and not before."""

from collections.abc import Collection, Sequence

import pytest

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.ids import ChangeRef, RunId, run_id
from countersign.domain.outcomes import Fault, LedgerFault
from runners.pipeline import Ending
from runners.sweeping import Sweeper
from runners.tidying import MOST, Tidier
from tests.fakes.ledger import FakeLedger
from tests.fakes.runner import PROJECT, RunnerWorld
from tests.support.bodies import HASH

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
    assert world.tidy() == []
    assert world.outbox.reserved == set()


def test_a_death_behind_the_outcome_leaves_no_room_taken(world: RunnerWorld) -> None:
    world.ledger.after_append = lambda kind: die() if kind is RecordKind.EXECUTED else None
    dies(world)
    assert world.outbox.kept
    assert world.tidy("acme/other", PROJECT) == []
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
    assert world.tidy("acme/other", PROJECT) == []
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
    world.tidy()
    assert world.handle(ref) is Ending.APPLIED


def test_a_result_of_a_project_that_is_served_no_more_stays(world: RunnerWorld) -> None:
    unrecorded(world)
    world.tidy("acme/other")
    assert world.outbox.kept


def test_whoever_is_at_work_keeps_the_room(world: RunnerWorld) -> None:
    run = RunId("run-" + "b" * 20)
    world.outbox.reserve(run)
    world.leases.take(run)
    world.tidy()
    assert world.outbox.reserved == {run}
    world.leases.drop(run)
    world.tidy()
    assert world.outbox.reserved == set()


def test_where_a_record_cannot_be_read_nothing_is_removed(world: RunnerWorld) -> None:
    first, second = RunId("run-" + "b" * 20), RunId("run-" + "c" * 20)
    world.outbox.reserve(first)
    world.outbox.reserve(second)
    world.ledger.fail_next("find_all")
    [fault] = world.tidy()
    assert isinstance(fault, LedgerFault)
    assert world.outbox.reserved == {first, second}, "what could not be found out waits"
    world.outbox.fail_next("runs")
    [fault] = world.tidy()
    assert type(fault) is Fault


def test_the_sweeper_tidies_by_the_records_of_all_its_projects(world: RunnerWorld) -> None:
    other = RunnerWorld()
    ledgers = {PROJECT: world.ledger, "acme/other": other.ledger}
    tidier = Tidier(world.pipeline.closer, world.leases)
    sweeper = Sweeper(tuple(ledgers), ledgers.__getitem__, lambda _: world.repository, world.reaper(), tidier, world.forge, "main")
    world.sandbox.act = die
    run = dies(world)
    world.outbox.reserve(RunId("run-" + "b" * 20))
    world.clock.sleep(60)
    assert sweeper.sweep("acme/other") == ([], [])
    assert sweeper.tidy_all() == []
    assert world.outbox.reserved == {run}
    assert [entry.kind.value for entry in sweeper.sweep(PROJECT)[0]] == ["lost"]
    assert sweeper.tidy_all() == []
    assert world.outbox.reserved == set()


class Away(FakeLedger):
    """A log that cannot be read, at the cost of a minute."""

    asked = 0

    def find_all(self, keys: Collection[str]) -> dict[str, Entry]:
        del keys
        self.asked += 1
        raise LedgerFault("git fetch did not end within 60 s")


@pytest.mark.parametrize("first", [True, False])
def test_a_log_that_cannot_be_read_keeps_the_files_of_no_other_project(world: RunnerWorld, first: bool) -> None:
    world.ledger.after_append = lambda kind: die() if kind is RecordKind.EXECUTED else None
    for number in range(3):
        ref = world.propose({f"db/staging/shop/V{number}__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"})
        with pytest.raises(KeyboardInterrupt):
            world.handle(ref)
    world.ledger.after_append = None
    theirs = [RunId(f"run-{number:020}") for number in range(4)]
    for number, run in enumerate(theirs):
        world.outbox.reserve(run)
        world.outbox.swap(run, None, {"announced": HASH, "project": ("acme/away", PROJECT)[number % 2]})
    away = Away()
    logs: dict[str, Ledger] = {"acme/away": away, PROJECT: world.ledger}
    world.clock.sleep(60)
    world.ledger.calls.clear()
    faults = Tidier(world.pipeline.closer, world.leases).tidy_all(logs if first else dict(reversed(logs.items())))
    assert world.outbox.reserved == {theirs[0], theirs[2]}
    assert (len(faults), away.asked) == (1, 1), "once for all of its files"
    assert world.ledger.calls == ["find_all"], "one look for all"


def test_files_that_stay_cost_one_look_at_their_own_log(world: RunnerWorld) -> None:
    for number in range(100):
        run = RunId(f"run-{number:020}")
        world.outbox.reserve(run)
        world.outbox.swap(run, None, {"begun": True, "project": PROJECT})
    others = [FakeLedger() for _ in range(20)]
    world.clock.sleep(60)
    logs: dict[str, Ledger] = {PROJECT: world.ledger, **{f"acme/{number}": log for number, log in enumerate(others)}}
    assert Tidier(world.pipeline.closer, world.leases).tidy_all(logs) == []
    assert world.ledger.calls == ["find_all"]
    assert [log.calls for log in others] == [[]] * 20
    assert len(world.outbox.reserved) == 100


def test_what_an_earlier_version_kept_is_looked_for_in_every_log(world: RunnerWorld) -> None:
    ref = unrecorded(world)
    run = run_id(ref, world.world.held(ref).head)
    world.outbox.put(run, {name: value for name, value in world.outbox.kept[run].items() if name != "project"})
    assert world.tidy("acme/other", PROJECT) == []
    assert world.outbox.reserved == {run}
    world.reaper().sweep(world.ledger)
    assert world.tidy("acme/other", PROJECT) == []
    assert world.outbox.reserved == set()


def test_a_number_of_files_at_a_time_and_the_rest_later(world: RunnerWorld) -> None:
    for number in range(2 * MOST + 1):
        run = RunId(f"run-{number:020}")
        world.outbox.reserve(run)
        world.outbox.swap(run, None, {"begun": True, "project": PROJECT})
    world.clock.sleep(60)
    tidier = Tidier(world.pipeline.closer, world.leases)
    looked = [tuple(tidier.left()[PROJECT]) for _ in range(3)]
    assert [len(runs) for runs in looked] == [MOST] * 3
    assert {run for runs in looked for run in runs} == world.outbox.reserved


def test_a_young_file_is_left_alone_though_nobody_holds_its_run(world: RunnerWorld) -> None:
    """Redis was emptied while a runner pushes its intent: its mark must not go."""
    ref = world.propose(STAGING)

    def meanwhile(drafts: Sequence[Draft]) -> None:
        world.ledger.before_push = meanwhile
        if drafts[-1].kind is RecordKind.INTENT:
            world.leases.drop(run_id(ref, world.world.held(ref).head))
            assert world.tidy(later=5) == []

    world.ledger.before_push = meanwhile
    assert world.handle(ref) is Ending.APPLIED


def test_where_the_mark_is_gone_nothing_begins_and_nobody_else_is_blamed(world: RunnerWorld) -> None:
    ref = world.propose(STAGING)

    def gone(kind: RecordKind) -> None:
        if kind is RecordKind.INTENT:
            [(run, kept)] = world.outbox.kept.items()
            assert world.outbox.drop(run, kept)

    world.ledger.after_append = gone
    assert world.handle(ref) is Ending.FAILED
    assert world.ledger.entries[-1].body["fault"] == "its room in the outbox is gone"
    assert world.broker.minted == []
