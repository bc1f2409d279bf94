"""What a runner's death leaves in its outbox goes when nobody will ask for it again, and not before."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import pytest

from countersign.attestation.ports import Ledger, TakenError, WaitsFor
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.ids import ChangeRef, RunId, run_id
from countersign.domain.outcomes import Fault, LedgerFault
from runners.announced import NEVER_BEGAN
from runners.pipeline import Ending, Room
from runners.ports import Leases
from runners.sweeping import Sweeper
from runners.tidying import MOST, Tidier
from tests.fakes.leases import FakeLeases
from tests.fakes.ledger import FakeLedger
from tests.fakes.runner import PROJECT, RunnerWorld
from tests.support.bodies import HASH

STAGING = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}


def tidier(world: RunnerWorld, leases: Leases | None = None) -> Tidier:
    return Tidier(world.pipeline.closer, leases or world.leases)


def die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def reserve(world: RunnerWorld, *runs: RunId, project: str = PROJECT) -> None:
    """Make room for runs, as a runner does that is about to announce them."""
    for run in runs:
        world.outbox.reserve(run, {"announced": HASH, "project": project})


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
    run = dies(world)
    world.clock.sleep(3 * 3600)
    assert tidier(world).left(["acme/other", PROJECT]) == {PROJECT: [run]}, "no log is asked but that of its project"
    assert world.tidy("acme/other", PROJECT) == []
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
        world.clock.sleep(3 * 3600)
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
    reserve(world, run)
    world.leases.take(run)
    world.tidy()
    assert world.outbox.reserved == {run}
    world.leases.drop(run)
    world.tidy()
    assert world.outbox.reserved == set()


def test_where_a_record_cannot_be_read_nothing_is_removed(world: RunnerWorld) -> None:
    first, second = RunId("run-" + "b" * 20), RunId("run-" + "c" * 20)
    reserve(world, first, second)
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
    room, ours = world.repository, tidier(world)
    sweeper = Sweeper(tuple(ledgers), ledgers.__getitem__, lambda _: room, world.reaper(), ours, world.forge, "main")
    world.sandbox.act = die
    run = dies(world)
    reserve(world, RunId("run-" + "b" * 20), project="acme/other")
    world.clock.sleep(3 * 3600)
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
        reserve(world, run, project=("acme/away", PROJECT)[number % 2])
    away = Away()
    logs: dict[str, Ledger] = {"acme/away": away, PROJECT: world.ledger}
    world.clock.sleep(3 * 3600)
    world.ledger.calls.clear()
    faults = tidier(world).tidy_all(logs if first else dict(reversed(logs.items())))
    assert world.outbox.reserved == {theirs[0], theirs[2]}
    assert (len(faults), away.asked) == (1, 1), "once for all of its files"
    assert world.ledger.calls == ["find_all"], "one look for all"


def test_files_that_stay_cost_one_look_at_their_own_log(world: RunnerWorld) -> None:
    for number in range(100):
        run = RunId(f"run-{number:020}")
        world.outbox.put(run, {"begun": True, "project": PROJECT})
    others = [FakeLedger() for _ in range(20)]
    world.clock.sleep(3 * 3600)
    logs: dict[str, Ledger] = {PROJECT: world.ledger, **{f"acme/{number}": log for number, log in enumerate(others)}}
    assert tidier(world).tidy_all(logs) == []
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
        world.outbox.put(run, {"begun": True, "project": PROJECT})
    world.clock.sleep(3 * 3600)
    ours = tidier(world)
    looked = [tuple(ours.left([PROJECT])[PROJECT]) for _ in range(3)]
    assert [len(runs) for runs in looked] == [MOST] * 3
    assert {run for runs in looked for run in runs} == world.outbox.reserved


def of_earlier(world: RunnerWorld, run: RunId) -> None:
    """Leave a file that names no project."""
    world.outbox.put(run, {"announced": HASH})
    world.clock.sleep(3 * 3600)


def test_a_file_that_names_no_project_waits_for_each_log_by_itself(world: RunnerWorld) -> None:
    run, logs = RunId("run-" + "b" * 20), {"acme/a": FakeLedger(), "acme/b": FakeLedger(), "acme/c": FakeLedger()}
    of_earlier(world, run)
    ours = tidier(world)
    assert ours.left(logs) == {name: [run] for name in logs}
    for name in ("acme/a", "acme/c"):
        assert ours.tidy(name, [run], logs[name]) == []
    logs["acme/b"].fail_next("find_all")
    assert len(ours.tidy("acme/b", [run], logs["acme/b"])) == 1
    assert world.outbox.reserved == {run}
    assert ours.left(logs) == {"acme/b": [run]}, "the others have answered"
    assert ours.tidy("acme/b", [run], logs["acme/b"]) == []
    assert world.outbox.reserved == set()
    assert [log.calls for log in logs.values()] == [["find_all"], ["find_all"] * 2, ["find_all"]]


def test_a_file_that_names_no_project_and_is_held_is_asked_for_again(world: RunnerWorld) -> None:
    run = RunId("run-" + "b" * 20)
    of_earlier(world, run)
    ours = tidier(world)
    world.leases.take(run)
    for _ in range(2):
        assert ours.tidy_all({PROJECT: world.ledger}) == []
    world.leases.drop(run)
    assert ours.tidy_all({PROJECT: world.ledger}) == []
    assert world.outbox.reserved == set()


def test_the_log_of_another_project_says_nothing_of_a_file_that_has_been_named_since(world: RunnerWorld) -> None:
    run = RunId("run-" + "b" * 20)
    of_earlier(world, run)
    ours, other = tidier(world), FakeLedger()
    left = ours.left(["acme/other", PROJECT])
    world.outbox.drop(run, {"announced": HASH})
    reserve(world, run)
    world.clock.sleep(3 * 3600)
    ours.left(["acme/other", PROJECT])
    assert ours.tidy("acme/other", left["acme/other"], other) == []
    assert world.outbox.reserved == {run}


def test_a_young_file_is_left_alone_though_nobody_holds_its_run(world: RunnerWorld) -> None:
    """Redis was emptied while a runner pushes its intent: its mark must not go."""
    ref = world.propose(STAGING)

    def meanwhile(drafts: Sequence[Draft]) -> None:
        world.ledger.before_push = meanwhile
        if drafts[-1].kind is RecordKind.INTENT:
            world.leases.drop(run_id(ref, world.world.held(ref).head))
            assert world.tidy(later=3600) == []

    world.ledger.before_push = meanwhile
    assert world.handle(ref) is Ending.APPLIED


class Late(FakeLedger):
    """A log to which an intent gets only when its writer has given up."""

    late: tuple[Draft, ...] = ()
    """What arrives: the first that was pushed."""
    silent = True

    def append_all(
        self, drafts: Sequence[Draft], *, waits_for: WaitsFor | None = None, together: bool = False, led: bool = False
    ) -> list[Entry | TakenError | LedgerFault]:
        if self.silent and drafts[-1].kind is RecordKind.INTENT:
            self.late = self.late or tuple(drafts)
            return [LedgerFault("git push did not end within 60 s")] * len(drafts)
        return super().append_all(drafts, waits_for=waits_for, together=together, led=led)

    def arrive(self) -> None:
        self.silent = False
        assert all(isinstance(entry, Entry) for entry in self.append_all(self.late))


def silent(world: RunnerWorld) -> tuple[Late, ChangeRef]:
    """Announce a run to a log that does not answer."""
    log = Late()
    world.ledger, world.room = log, Room(world.repository, log)
    ref = world.propose(STAGING)
    with pytest.raises(LedgerFault):
        world.handle(ref)
    return log, ref


def is_told_as_never_begun(world: RunnerWorld, ref: ChangeRef) -> None:
    assert world.handle(ref) is Ending.FAILED
    assert world.ledger.entries[-1].body["fault"] == NEVER_BEGAN


def test_the_mark_of_a_push_that_outlives_its_client_stays(world: RunnerWorld) -> None:
    log, ref = silent(world)
    assert world.tidy(later=600) == []
    log.arrive()
    is_told_as_never_begun(world, ref)


def test_a_push_that_outlives_its_client_and_its_second_try_is_known_by_its_mark(world: RunnerWorld) -> None:
    log, ref = silent(world)
    world.clock.sleep(2)
    with pytest.raises(LedgerFault):
        world.handle(ref)
    log.arrive()
    is_told_as_never_begun(world, ref)


def test_a_first_push_that_lands_under_the_second_leaves_both_marks(world: RunnerWorld) -> None:
    log, ref = silent(world)
    world.clock.sleep(2)
    world.outbox.act = log.arrive  # behind the look at the log, before the second push
    assert world.handle(ref) is Ending.BUSY
    world.outbox.act = None
    is_told_as_never_begun(world, ref)


def test_a_mark_of_an_earlier_version_is_known(world: RunnerWorld) -> None:
    log, ref = silent(world)
    [(run, kept)] = world.outbox.kept.items()
    names = kept["announced"]
    assert isinstance(names, list)
    world.outbox.put(run, {**kept, "announced": names[0]})
    log.arrive()
    is_told_as_never_begun(world, ref)


def test_an_answer_counts_for_a_file_only_if_nothing_was_done_to_it_for_long(world: RunnerWorld) -> None:
    """An intent may have come to the first log since it was asked, while the second one was away."""
    run, logs = RunId("run-" + "b" * 20), {"acme/a": FakeLedger(), "acme/b": FakeLedger()}
    world.outbox.put(run, {"announced": HASH})
    world.clock.sleep(60)
    ours = tidier(world)
    left = ours.left(logs)
    assert ours.tidy("acme/a", left["acme/a"], logs["acme/a"]) == []
    world.clock.sleep(3 * 3600)
    assert ours.tidy("acme/b", left["acme/b"], logs["acme/b"]) == []
    assert world.outbox.reserved == {run}
    left = ours.left(logs)
    assert ours.tidy("acme/a", left["acme/a"], logs["acme/a"]) == []
    assert world.outbox.reserved == set()


def test_a_file_of_a_run_that_is_over_and_cannot_be_read_keeps_no_other(world: RunnerWorld) -> None:
    refs = [world.propose(STAGING), world.propose({"db/staging/shop/V3__more.sql": "ALTER TABLE orders ADD COLUMN more text;\n"})]
    for ref in refs:
        assert world.handle(ref) is Ending.APPLIED
    runs = [run_id(ref, world.world.held(ref).head) for ref in refs]
    reserve(world, *runs)
    world.outbox.fail_next("get")
    assert len(tidier(world).tidy(PROJECT, runs, world.ledger)) == 1
    assert world.outbox.reserved == {runs[0]}


def test_an_intent_that_lands_behind_the_look_at_the_log_keeps_its_mark(world: RunnerWorld) -> None:
    log, ref = silent(world)
    world.clock.sleep(3 * 3600)
    ours = tidier(world)
    left = ours.left([PROJECT])

    class Meanwhile(FakeLedger):
        def find_all(self, keys: Collection[str]) -> dict[str, Entry]:
            found = log.find_all(keys)
            with pytest.raises(LedgerFault):
                world.handle(ref)
            log.arrive()
            return found

    assert ours.tidy(PROJECT, left[PROJECT], Meanwhile()) == []
    is_told_as_never_begun(world, ref)


def test_a_file_is_as_old_as_it_is_when_it_would_go_and_not_when_it_was_listed(world: RunnerWorld) -> None:
    log, ref = silent(world)
    world.clock.sleep(3 * 3600)
    ours = tidier(world)
    left = ours.left([PROJECT])
    with pytest.raises(LedgerFault):
        world.handle(ref)
    assert ours.tidy(PROJECT, left[PROJECT], log) == []
    log.arrive()
    is_told_as_never_begun(world, ref)


class Hanging(FakeLeases):
    """A Redis that does not answer, at the cost of four seconds."""

    def __init__(self, world: RunnerWorld) -> None:
        super().__init__()
        self.asked = 0
        self._world = world

    @contextmanager
    def hold(self, run: RunId) -> Iterator[bool]:
        self.asked += 1
        self._world.clock.sleep(4)
        self.away = True
        with super().hold(run) as mine:
            yield mine


def test_a_redis_that_hangs_is_asked_once_and_only_for_what_could_go(world: RunnerWorld) -> None:
    runs = [RunId(f"run-{number:020}") for number in range(MOST)]
    for run in runs:
        world.outbox.put(run, {"begun": True, "project": PROJECT})
    leases = Hanging(world)
    world.clock.sleep(3 * 3600)
    assert tidier(world, leases).tidy_all({PROJECT: world.ledger}) == []
    assert leases.asked == 0, "none of them can go"
    for run in runs[100:]:
        world.outbox.put(run, {"announced": HASH, "project": PROJECT})
    world.clock.sleep(3 * 3600)
    assert len(tidier(world, leases).tidy_all({PROJECT: world.ledger})) == 1
    assert leases.asked == 1


def test_what_takes_long_is_not_done_to_all_files_at_once(world: RunnerWorld) -> None:
    reserve(world, *(RunId(f"run-{number:020}") for number in range(10)))

    class Slow(FakeLeases):
        @contextmanager
        def hold(self, run: RunId) -> Iterator[bool]:
            world.clock.sleep(4)
            with super().hold(run) as mine:
                yield mine

    world.clock.sleep(3 * 3600)
    assert tidier(world, Slow()).tidy_all({PROJECT: world.ledger}) == []
    assert 5 <= len(world.outbox.reserved) < 10


def test_a_file_that_cannot_be_read_keeps_no_other(world: RunnerWorld) -> None:
    runs = [RunId(f"run-{number:020}") for number in range(3)]
    reserve(world, *runs)
    world.clock.sleep(3 * 3600)
    ours = tidier(world)
    left = ours.left([PROJECT])
    world.outbox.fail_next("get")
    assert len(ours.tidy(PROJECT, left[PROJECT], world.ledger)) == 1
    assert world.outbox.reserved == {runs[0]}


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
