"""What becomes of a run that was applied and not merged, once its change was merged at another head: nobody does it twice."""

import pytest

from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import AbsentFault, ForgeFault
from countersign.domain.ports import ChangeState
from runners.landing import finish_for_another
from runners.pipeline import Ending
from tests.fakes.runner import RunnerWorld

STAGING = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}
MORE = {"db/staging/shop/V3__more.sql": "ALTER TABLE orders ADD COLUMN more text;\n"}
BY_HAND = "Bring what was applied into the branch by hand"


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


@pytest.fixture
def applied(world: RunnerWorld) -> ChangeRef:
    """A change that was applied, and that the forge did not merge."""
    ref = world.propose(STAGING)
    world.forge.fail_next("merge")
    with pytest.raises(ForgeFault):
        world.handle(ref)
    assert world.kinds() == ["assessed", "intent", "executed"]
    return ref


def first(world: RunnerWorld, ref: ChangeRef) -> str:
    return world.world.comments(ref)[0][1]


def test_once_a_head_on_top_of_it_is_merged_nothing_is_left_to_do_by_hand(world: RunnerWorld, applied: ChangeRef) -> None:
    world.world.push(applied, world.commit(MORE, branch="proposals/0"))
    assert world.handle(applied) is Ending.APPLIED
    assert world.world.held(applied).state is ChangeState.MERGED
    for _ in range(2):
        said = first(world, applied)
        assert "### ✔ Applied\n" in said
        assert f"Merged all the same: its head moved on to {world.world.held(applied).head[:12]}, which holds it" in said
        assert "by hand" not in said
        world.handle(applied)


def test_what_was_merged_without_it_is_still_told_to_be_done_by_hand(world: RunnerWorld, applied: ChangeRef) -> None:
    world.world.push(applied, world.commit(MORE, branch="elsewhere"))
    assert world.handle(applied) is Ending.APPLIED
    said = first(world, applied)
    assert "### ✔ Applied, not merged\n" in said
    assert f"its head moved on to {world.world.held(applied).head[:12]}, which was merged without it. {BY_HAND}." in said


def test_while_the_other_head_is_open_it_is_not_merged(world: RunnerWorld, applied: ChangeRef) -> None:
    waits = {"db/production/shop/V3__more.sql": "ALTER TABLE orders ADD COLUMN more text;\n"}
    world.world.push(applied, world.commit(waits, branch="elsewhere"))
    assert world.handle(applied) is Ending.WAITING
    assert f"its head moved on to {world.world.held(applied).head[:12]}. {BY_HAND}." in first(world, applied)


@pytest.mark.parametrize("call", ["fetch", "people"])
def test_where_git_does_not_tell_nobody_says_either(world: RunnerWorld, applied: ChangeRef, call: str) -> None:
    head = world.commit(MORE, branch="proposals/0")
    world.world.push(applied, head)
    world.forge.merge(applied, head, into="main")
    world.repository.fail_next(call)
    world.handle(applied)
    said = first(world, applied)
    assert "### ✔ Applied, perhaps not merged\n" in said
    assert f"moved on to {head[:12]}, which was merged. Whether that holds it cannot be told: look, and bring" in said
    world.handle(applied)
    assert "Merged all the same" in first(world, applied), "git told it at the next look"


def test_a_commit_that_is_gone_is_git_not_telling(world: RunnerWorld, applied: ChangeRef) -> None:
    """After a forced push, on a runner that never saw the commit."""
    entry = world.ledger.entries[-1]
    head = world.commit(MORE, branch="proposals/0")
    world.world.push(applied, head)
    world.forge.merge(applied, head, into="main")
    fresh = RunnerWorld()
    fresh.repository.fetch()
    with pytest.raises(AbsentFault):
        fresh.repository.people(head, head)
    finish_for_another(world.forge, fresh.repository, entry, branch="main")
    assert "cannot be told" in first(world, applied)
