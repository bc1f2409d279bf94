"""What a run really did reaches the record though another runner had closed it as lost, and is kept until it has."""

import json

import pytest

from countersign.attestation.accounts.account import account
from countersign.attestation.accounts.runs import Run, all_runs
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import ChangeRef, RunId, run_id
from countersign.domain.outcomes import Fault, LedgerFault
from countersign.domain.ports import StatusState
from runners.announced import begun
from runners.landing import finish_for_another
from runners.pipeline import Ending
from runners.reaper import Reaper
from tests.fakes.outbox import FakeOutbox
from tests.fakes.runner import PROJECT, RunnerWorld

STAGING = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def run_of(world: RunnerWorld, ref: ChangeRef) -> RunId:
    return run_id(ref, world.world.held(ref).head)


def closed_elsewhere(world: RunnerWorld, ref: ChangeRef) -> None:
    """Have another runner, with another disk, take the run for dead and close it."""
    ours = world.outbox
    world.leases.drop(run_of(world, ref))
    world.clock.sleep(60)
    world.outbox = FakeOutbox()
    other = world.runner()
    world.outbox = ours
    [entry], _ = Reaper(other.closer, world.leases, other.environments).sweep(world.ledger)
    assert entry.kind is RecordKind.LOST


def read(world: RunnerWorld) -> Run:
    (run,) = all_runs(json.loads(entry.raw)["predicate"] for entry in world.ledger.entries)
    return run


def is_found(world: RunnerWorld, ref: ChangeRef) -> Entry:
    """See that the record has it once, and that no disk has it any more."""
    assert world.kinds() == ["assessed", "intent", "lost", "annotation"]
    intent, lost, entry = world.ledger.entries[1:]
    assert (entry.change, entry.run, entry.body["run"]) == (ref, None, intent.run)
    assert entry.body["of"] == {"digest": lost.digest, "seq": lost.seq}
    assert (world.outbox.reserved, world.outbox.kept) == (set(), {})
    return entry


def test_a_run_that_ended_well_while_it_was_taken_for_dead(world: RunnerWorld) -> None:
    ref = world.propose(STAGING)
    world.sandbox.act = lambda *_: closed_elsewhere(world, ref)
    assert world.handle(ref) is Ending.LOST
    entry = is_found(world, ref)
    assert entry.body["found"] == "executed"
    assert entry.body["result"]["exit_code"] == 0  # type: ignore[index]  # it is there
    assert [grant["proof"] for grant in entry.body["grants"]] == ["dead"]  # type: ignore[attr-defined]  # a list
    assert "says lost; found since: Applied" in json.loads(entry.raw)["predicate"]["summary"]
    world.sandbox.act = None
    assert world.handle(ref) is Ending.LOST
    world.reaper().sweep(world.ledger)
    is_found(world, ref)


def test_a_credential_minted_after_the_other_one_looked_is_revoked_until_that_is_told(world: RunnerWorld) -> None:
    """What the other one proved dead was not this: its end is told by whoever tells of this one."""
    ref = world.propose(STAGING)

    def woken(*_: object) -> None:
        closed_elsewhere(world, ref)
        world.clock.sleep(1800)
        world.broker.fail_next("revoke")

    world.broker.act = woken
    with pytest.raises(Fault):
        world.handle(ref)
    world.broker.act = None
    [(_, said)] = world.world.comments(ref)
    assert "not proved dead" in said
    assert world.outbox.reserved, "until it is told"
    world.clock.sleep(60)
    assert world.handle(ref) is Ending.LOST
    assert world.broker.live == frozenset()
    is_found(world, ref)
    [life] = read(world).lifetimes
    assert life.revoked is not None
    assert life.revoked > life.began


def test_whoever_asks_for_the_run_is_told_of_both(world: RunnerWorld) -> None:
    ref = world.propose(STAGING)
    world.sandbox.act = lambda *_: closed_elsewhere(world, ref)
    world.handle(ref)
    run = read(world)
    assert run.outcome is not None
    assert run.since is not None
    assert run.outcome.kind == "lost"
    assert run.ending == "lost, found since: executed (record 3)"
    assert run.result["exit_code"] == 0
    (life,) = run.lifetimes
    assert (life.certain, life.proof, life.public_id is None) == (True, "dead", False)
    told = account(json.loads(world.ledger.entries[-1].raw)["predicate"])
    assert (told.run, told.environment, told.change) == (run.intent.run, "staging", str(ref))
    assert told.credentials


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("fails", ["append", "find"])
def test_what_cannot_be_recorded_beside_it_is_not_told_in_its_place(world: RunnerWorld, fails: str, *, told: bool) -> None:
    """The comment of a run says its outcome, with the newest checkpoint: whoever cannot annotate it must not take that away."""
    ref = world.propose(STAGING)

    def act(*_: object) -> None:
        closed_elsewhere(world, ref)
        if told:
            finish_for_another(world.forge, world.repository, world.ledger.entries[-1], branch="main")
        world.ledger.fail_next(fails, times=9)

    world.sandbox.act = act
    with pytest.raises(LedgerFault):
        world.handle(ref)
    [(_, said)] = world.world.comments(ref)
    status = world.world.statuses[PROJECT, world.world.held(ref).head]
    if told or fails == "append":
        assert "### ✘ Lost" in said
        assert world.ledger.entries[-1].digest in said
        assert status.state is StatusState.FAILED
    else:
        assert "Applied, not yet recorded" in said, "nobody here knows better"


@pytest.mark.parametrize("by", ["tidying", "a look at the change"])
def test_what_cannot_be_recorded_now_is_kept_until_it_can(world: RunnerWorld, by: str) -> None:
    ref = world.propose(STAGING)

    def act(*_: object) -> None:
        closed_elsewhere(world, ref)
        world.ledger.fail_next("append")

    world.sandbox.act = act
    with pytest.raises(LedgerFault):
        world.handle(ref)
    assert world.kinds()[-1] == "lost"
    assert world.outbox.kept
    world.sandbox.act = None
    if by == "tidying":
        world.ledger.fail_next("append")
        [fault] = world.tidy()
        assert isinstance(fault, LedgerFault)
        assert world.outbox.kept
        assert world.tidy() == []
    else:
        assert world.handle(ref) is Ending.LOST
    assert is_found(world, ref).body["found"] == "executed"


def test_one_that_closes_in_the_same_moment_takes_nothing_away(world: RunnerWorld) -> None:
    """The other one's outcome gets onto the record between our look and our append."""
    ref = world.propose(STAGING)

    def meanwhile(*_: object) -> None:
        world.ledger.before_push = lambda _: closed_elsewhere(world, ref)

    world.sandbox.act = meanwhile
    assert world.handle(ref) is Ending.LOST
    assert is_found(world, ref).body["found"] == "executed"


@pytest.mark.parametrize("records", [True, False])
def test_what_is_kept_while_another_one_closes_is_not_forgotten(world: RunnerWorld, *, records: bool) -> None:
    """On one disk: the other one found that the run had begun, and no more; the result was put there before it was through."""
    ref = world.propose(STAGING)
    world.sandbox.act = lambda *_: world.ledger.fail_next("append")
    with pytest.raises(LedgerFault):
        world.handle(ref)
    run, intent = run_of(world, ref), world.ledger.entries[-1]
    result = world.outbox.kept[run]
    world.outbox.put(run, begun(intent))

    def meanwhile(*_: object) -> None:
        world.outbox.put(run, result)
        world.ledger.fail_next("append", after=1, times=0 if records else 1)

    world.ledger.before_push = meanwhile
    world.clock.sleep(60)
    closed, faults = world.reaper().sweep(world.ledger)
    if not records:
        assert (closed, len(faults), world.outbox.kept) == ([], 1, {run: result})
        assert world.tidy() == []
    assert is_found(world, ref).body["found"] == "executed"


def test_one_that_slept_behind_its_intent_never_began(world: RunnerWorld) -> None:
    ref = world.propose(STAGING)

    def asleep(kind: RecordKind) -> None:
        if kind is RecordKind.INTENT:
            world.ledger.after_append = None
            closed_elsewhere(world, ref)

    world.ledger.after_append = asleep
    assert world.handle(ref) is Ending.LOST
    entry = is_found(world, ref)
    assert (entry.body["found"], entry.body["began"]) == ("failed", False)
    assert world.broker.minted == []


def test_where_nothing_more_is_known_nothing_more_is_said(world: RunnerWorld) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    ref = world.propose(STAGING)
    world.sandbox.act = die
    with pytest.raises(KeyboardInterrupt):
        world.handle(ref)
    world.sandbox.act = None
    closed_elsewhere(world, ref)
    assert world.tidy() == []
    assert world.kinds() == ["assessed", "intent", "lost"]
    assert world.outbox.reserved == set()
