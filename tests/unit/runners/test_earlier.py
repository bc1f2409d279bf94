"""Heads that a change has left behind are told of once, and keep nobody from looking at the head that it has."""

from collections import Counter

import pytest

from countersign.domain.ids import ChangeRef
from runners.earlier import FEW
from runners.pipeline import Ending
from tests.fakes.runner import RunnerWorld


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def column(number: int) -> dict[str, str]:
    return {"db/staging/shop/V2__note.sql": f"ALTER TABLE orders ADD COLUMN note{number} text;\n"}


def with_heads(world: RunnerWorld, count: int) -> ChangeRef:
    """Run so many heads of one change, each of which fails, and push another one."""
    ref = world.propose(column(0))
    for number in range(1, count + 1):
        world.broker.fail_next("mint")
        assert world.handle(ref) is Ending.FAILED
        world.world.push(ref, world.commit(column(number), branch="proposals/0"))
    world.forge.calls.clear()
    return ref


def looked(world: RunnerWorld, ref: ChangeRef) -> Counter[str]:
    """Look at the change as a draft: nothing else is to be done."""
    world.world.held(ref).draft = True
    world.forge.calls.clear()
    assert world.handle(ref) is Ending.WAITING
    world.world.held(ref).draft = False
    return Counter(world.forge.calls)


@pytest.mark.parametrize("count", [1, 2, 20])
def test_a_look_costs_the_same_however_many_heads_were_run_before(world: RunnerWorld, count: int) -> None:
    assert looked(world, with_heads(world, count)) == {"change": 1, "comments": 1}


def test_without_earlier_heads_no_comments_are_listed(world: RunnerWorld) -> None:
    assert looked(world, world.propose(column(0))) == {"change": 1}


def test_what_is_missing_or_says_something_else_is_told(world: RunnerWorld) -> None:
    ref = with_heads(world, 3)
    comments = world.world.held(ref).comments
    told = list(comments)
    first, _, third = (body.partition("\n")[0] for _, body in told)
    comments[0] = (comments[0][0], f"{first}\n### … Announced, not yet recorded\n")
    del comments[2]
    calls = looked(world, ref)
    assert calls["say"] == 2
    assert [body.partition("\n")[0] for _, body in comments] == [first, told[1][1].partition("\n")[0], third]
    assert comments[0] == told[0]
    assert looked(world, ref)["say"] == 0


def test_a_forge_that_refuses_to_tell_it_keeps_nobody_from_the_head_of_now(world: RunnerWorld) -> None:
    ref = with_heads(world, 3)
    del world.world.held(ref).comments[:]
    world.forge.fail_next("say", why="the note cannot be edited (403)")
    assert world.handle(ref) is Ending.APPLIED
    told = " ".join(body for _, body in world.world.comments(ref))
    outcomes = [entry for entry in world.ledger.entries if entry.kind.value == "failed"]
    assert [outcome.digest in told for outcome in outcomes] == [True, True, True], "the first one after the merge"


def test_a_forge_that_lists_no_comments_keeps_nobody_from_it_either(world: RunnerWorld) -> None:
    ref = with_heads(world, 1)
    world.forge.fail_next("comments")
    assert world.handle(ref) is Ending.APPLIED


def test_only_the_newest_few_are_told_anew(world: RunnerWorld) -> None:
    ref = with_heads(world, FEW + 3)
    del world.world.held(ref).comments[:]
    assert looked(world, ref)["say"] == FEW
