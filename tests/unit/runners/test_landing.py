"""What becomes of a run that was applied and not merged, once its change was merged at another head: nobody does it twice."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import ForgeFault
from countersign.domain.ports import ChangeState
from runners.landing import finish_for_another, unfinished
from runners.pipeline import Ending
from tests.fakes.repository import FakeRepository
from tests.fakes.runner import RunnerWorld

NOTE = "db/staging/shop/V2__note.sql"
STAGING = {NOTE: "ALTER TABLE orders ADD COLUMN note text;\n"}
MORE = {"db/staging/shop/V3__more.sql": "ALTER TABLE orders ADD COLUMN more text;\n"}
LOOK = "Look at branch and target, and bring them together by hand"
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


@pytest.mark.parametrize("branch", ["proposals/0", "elsewhere"])
def test_once_a_head_that_brings_it_is_merged_nothing_is_left_to_do_by_hand(
    world: RunnerWorld, applied: ChangeRef, branch: str
) -> None:
    """On top of it, or rebased: the commit that was applied is none of the branch's then, and its content is there."""
    world.world.push(applied, world.commit(STAGING | MORE, branch=branch))
    assert world.handle(applied) is Ending.APPLIED
    assert world.world.held(applied).state is ChangeState.MERGED
    for _ in range(2):
        said = first(world, applied)
        assert "### ✔ Applied\n" in said
        moved = f"its head moved on to {world.world.held(applied).head[:12]}"
        assert f"Merged all the same: {moved}, which was merged, and 'main' holds all of it as it was applied." in said
        assert "by hand" not in said
        world.handle(applied)


@pytest.mark.parametrize(
    ("branch", "files"),
    [
        ("elsewhere", MORE),
        ("proposals/0", {NOTE: None, "docs/x.md": "x\n"}),
        ("proposals/0", {NOTE: "ALTER TABLE orders ADD COLUMN other text;\n"}),
    ],
    ids=["without it", "taken back on top", "changed on top"],
)
def test_what_was_merged_without_it_is_looked_at(
    world: RunnerWorld, applied: ChangeRef, branch: str, files: dict[str, str | None]
) -> None:
    """Also where the head that was merged stands on the commit that was applied: that says nothing of what is in it."""
    head = world.commit(files, branch=branch)
    world.world.push(applied, head)
    world.forge.merge(applied, head, into="main")
    world.handle(applied)
    assert world.repository.files("main").get(NOTE) != STAGING[NOTE].encode()
    said = first(world, applied)
    assert "### ✔ Applied, perhaps not merged\n" in said
    moved = f"its head moved on to {head[:12]}"
    assert f"Perhaps not merged: {moved}, which was merged, and 'main' does not hold all of it as it was applied. {LOOK}." in said


def test_a_path_that_was_applied_in_part_is_not_all_of_it(world: RunnerWorld) -> None:
    ref = world.propose(STAGING | MORE)
    world.forge.fail_next("merge")
    with pytest.raises(ForgeFault):
        world.handle(ref)
    head = world.commit(STAGING, branch="elsewhere")
    world.world.push(ref, head)
    world.forge.merge(ref, head, into="main")
    world.handle(ref)
    assert "'main' does not hold all of it" in first(world, ref)


def test_while_the_other_head_is_open_it_is_not_merged(world: RunnerWorld, applied: ChangeRef) -> None:
    waits = {"db/production/shop/V3__more.sql": "ALTER TABLE orders ADD COLUMN more text;\n"}
    world.world.push(applied, world.commit(waits, branch="elsewhere"))
    assert world.handle(applied) is Ending.WAITING
    assert f"its head moved on to {world.world.held(applied).head[:12]}. {BY_HAND}." in first(world, applied)


def test_what_stands_is_told_and_not_merged_while_its_run_is_not_closed_here(world: RunnerWorld, applied: ChangeRef) -> None:
    """Such as where an annotation beside it cannot be recorded now."""
    intent = world.ledger.entries[-2]
    now = world.forge.change(applied)
    unfinished(world.forge, world.repository, world.ledger, now, intent, kind=RecordKind.EXECUTED, branch="main")
    assert world.ledger.entries[-1].digest in first(world, applied)
    assert world.world.held(applied).state is ChangeState.OPEN


@pytest.mark.parametrize("call", ["fetch", "merged_tree", "changes"])
def test_where_git_does_not_tell_nobody_says_either(world: RunnerWorld, applied: ChangeRef, call: str) -> None:
    head = world.commit(MORE, branch="proposals/0")
    world.world.push(applied, head)
    world.forge.merge(applied, head, into="main")
    world.repository.fail_next(call)
    world.handle(applied)
    said = first(world, applied)
    assert "### ✔ Applied, perhaps not merged\n" in said
    assert f"moved on to {head[:12]}, which was merged, and whether 'main' holds it cannot be told. {LOOK}." in said
    world.handle(applied)
    assert "Merged all the same" in first(world, applied), "git told it at the next look"


def told_elsewhere(world: RunnerWorld, applied: ChangeRef, entry: Entry, repository: FakeRepository) -> str:
    """Have the change merged at another head, and told of by a runner with these objects."""
    head = world.commit(MORE, branch="proposals/0")
    world.world.push(applied, head)
    world.forge.merge(applied, head, into="main")
    finish_for_another(world.forge, repository, entry, branch="main")
    return first(world, applied)


def test_a_commit_that_is_gone_is_git_not_telling(world: RunnerWorld, applied: ChangeRef) -> None:
    """After a forced push, on a runner that never saw the commit."""
    assert "cannot be told" in told_elsewhere(world, applied, world.ledger.entries[-1], RunnerWorld().repository)


@pytest.mark.parametrize("lacks", ["base", "tree"])
def test_a_record_that_does_not_say_what_was_applied_tells_nothing(world: RunnerWorld, applied: ChangeRef, lacks: str) -> None:
    entry = world.ledger.entries[-1]
    told = entry.body["change"]
    assert isinstance(told, Mapping)
    entry = replace(entry, body={**entry.body, "change": {name: said for name, said in told.items() if name != lacks}})
    assert "cannot be told" in told_elsewhere(world, applied, entry, world.repository)
