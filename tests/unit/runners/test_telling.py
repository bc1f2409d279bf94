"""What runners tell people: the words of a run stay beside those of the next, refusals take each other's place."""

from dataclasses import replace

from countersign.domain.ids import ChangeRef, RunId, run_id
from countersign.domain.ports import Change
from runners import telling
from tests.fakes.runner import RunnerWorld
from tests.support.audit import outcome, refused, stands

ADD = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}


def said(world: RunnerWorld, ref: ChangeRef) -> list[str]:
    return [body for _, body in world.world.comments(ref)]


def test_the_checkpoint_of_every_run_stays() -> None:
    world = RunnerWorld()
    ref = world.propose(ADD)
    change: Change = world.forge.change(ref)
    runs: list[RunId] = [run_id(ref, change.head), RunId("run-" + "b" * 20)]
    ended = [replace(stands(outcome(run)), seq=seq) for seq, run in enumerate(runs, start=3)]
    for entry in (*ended, *ended):
        telling.applied(world.forge, change, entry)
    first, second = said(world, ref)
    assert "Record 3 on branch" in first
    assert "Checkpoint: `4@sha256:" in first
    assert "Record 4 on branch" in second


def test_a_run_that_is_not_recorded_yet_gets_its_end_into_the_same_comment() -> None:
    world = RunnerWorld()
    ref = world.propose(ADD)
    change = world.forge.change(ref)
    ended = stands(outcome())
    telling.unrecorded(world.forge, change, ended, ended.kind)
    telling.applied(world.forge, change, ended)
    [body] = said(world, ref)
    assert "Applied, not yet recorded" not in body


def test_a_refusal_takes_the_place_of_the_one_before() -> None:
    world = RunnerWorld()
    ref = world.propose(ADD)
    change = world.forge.change(ref)
    for key in ("a", "b"):
        telling.refused(world.forge, change, stands(refused(key)), f"because of {key}")
    [body] = said(world, ref)
    assert "because of b" in body
