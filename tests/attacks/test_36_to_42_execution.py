"""Attacks on what runs (36 to 42): what was approved and nothing else, once, and nothing for strangers.

The same runs meet a real git, a real engine and a real Redis in tests/integration and tests/acceptance; here are the decisions.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from countersign.domain.ids import ChangeRef
from countersign.domain.run import Control, RunSpec
from runners.pipeline import Ending
from tests.fakes.runner import RunnerWorld
from tests.fakes.sandbox import FakeSandbox

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
EVIL = "ALTER TABLE orders ADD COLUMN evil text;\n"
PATH = "db/production/shop/V2__note.sql"


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def approved(world: RunnerWorld) -> ChangeRef:
    """Bring one production change to where nothing but the runner's next look is missing."""
    ref = world.propose({PATH: ADD})
    assert world.handle(ref) is Ending.WAITING
    world.approve(ref, "wanda")
    return ref


def test_36_what_runs_is_the_commit_that_was_approved_wherever_its_branch_points(world: RunnerWorld) -> None:
    ref = approved(world)
    world.commit({PATH: EVIL}, branch="proposals/0")  # in the repository, while the forge still shows the approved head
    assert world.handle(ref) is Ending.APPLIED
    (spec,) = world.sandbox.specs
    assert spec.files == {PATH: ADD.encode()}


def test_36_files_that_would_change_a_checkout_are_not_there_for_the_run(world: RunnerWorld) -> None:
    world.repository.commit({".gitattributes": "*.sql filter=evil\n", ".gitmodules": '[submodule "x"]\n', "db/hooks": "x\n"})
    ref = approved(world)
    assert world.handle(ref) is Ending.APPLIED
    assert set(world.sandbox.specs[0].files) == {PATH}


def test_37_a_message_that_comes_again_has_no_second_effect(world: RunnerWorld) -> None:
    ref = approved(world)
    endings = [world.handle(ref) for _ in range(5)]
    assert endings[0] is Ending.APPLIED
    assert len(world.sandbox.specs) == 1
    assert world.kinds() == ["assessed", "intent", "executed"]


def test_37_a_message_that_comes_again_while_the_first_is_at_work_does_nothing(world: RunnerWorld) -> None:
    ref = approved(world)
    others: list[Ending] = []

    def again(_spec: RunSpec, _environment: object) -> None:
        others.append(world.runner().handle(ref, world.room))

    world.sandbox.act = again
    assert world.handle(ref) is Ending.APPLIED
    assert others == [Ending.BUSY]
    assert world.kinds() == ["assessed", "intent", "executed"]


def test_38_two_queues_at_once_have_one_holder(world: RunnerWorld) -> None:
    ref = approved(world)
    runners, together = [world.runner() for _ in range(4)], threading.Barrier(4)

    def look(number: int) -> Ending:
        together.wait()
        return runners[number].handle(ref, world.room)

    with ThreadPoolExecutor(4) as pool:
        endings = list(pool.map(look, range(4)))
    assert endings.count(Ending.APPLIED) >= 1
    assert len(world.sandbox.specs) == 1
    assert world.kinds().count("intent") == 1


def test_41_a_wall_that_is_not_there_is_not_done_without(world: RunnerWorld) -> None:
    assert world.handle(approved(world)) is Ending.APPLIED
    (spec,) = world.sandbox.specs
    assert {Control.EGRESS_PROXY, Control.MEMORY_LIMIT, Control.PIDS_LIMIT, Control.TIME_LIMIT} < spec.controls
    for missing in sorted(spec.controls):
        other = RunnerWorld()
        other.sandbox = FakeSandbox(clock=other.clock, controls=frozenset(Control) - {missing})
        other.pipeline = other.runner()
        assert other.handle(approved(other)) is Ending.REFUSED
        assert missing.value in str(other.ledger.entries[-1].body["why"])
        assert other.kinds() == ["assessed", "refused"]
        assert (other.sandbox.specs, other.broker.live) == ([], frozenset())


def test_42_a_fork_gets_no_run_and_no_credential(world: RunnerWorld) -> None:
    ref = world.propose({"db/staging/shop/V2__note.sql": ADD})
    world.world.held(ref).from_fork = True
    assert world.handle(ref) is Ending.REFUSED
    world.approve(ref, "wanda", "lea", "lou")
    assert world.handle(ref) is Ending.REFUSED
    assert world.sandbox.specs == []
    assert world.broker.live == frozenset()
    assert set(world.kinds()) == {"refused"}
