"""What runners tell people: the words of a run stay beside those of the next, refusals take each other's place."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from countersign.attestation.accounts.plain import parts
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import ChangeRef, RunId, run_id
from countersign.domain.ports import Change
from runners import telling
from runners.fitting import OF_A_RUN, fitted
from runners.pipeline import Ending
from tests.fakes.runner import RunnerWorld
from tests.support.audit import outcome, refused, stands

ADD = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}


NO_ROOM = "for whose names the record had no room; record 1, the intent, has them"


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


def told(world: RunnerWorld, entry: Entry, body: Mapping[str, object]) -> str:
    """Tell of an outcome with this body instead of its own; give the words about its credentials."""
    [ref] = world.world.changes
    world.world.held(ref).comments.clear()
    telling.applied(world.forge, world.forge.change(ref), replace(entry, body=dict(body)))
    [text] = said(world, ref)
    return text.split("\n\n")[1]


@pytest.fixture
def world() -> RunnerWorld:
    """One change that was applied with one credential, which is dead."""
    world = RunnerWorld()
    assert world.handle(world.propose(ADD)) is Ending.APPLIED
    return world


def only(body: Mapping[str, object]) -> dict[str, object]:
    """Give the one credential of an outcome."""
    [grant] = parts(body, "grants")
    return dict(grant)


def many(body: Mapping[str, object], *proofs: str) -> dict[str, object]:
    """Give the body with one credential for each of these proofs, cut as a runner cuts it."""
    grant = only(body)
    grants = [
        {**grant, "handle": f"{number:05}{'h' * 150}", "public_id": None, "proof": proof} for number, proof in enumerate(proofs)
    ]
    return fitted({**body, "grants": grants}, OF_A_RUN)


def test_credentials_that_the_record_had_no_room_for_are_counted_and_not_denied(world: RunnerWorld) -> None:
    entry = world.ledger.entries[-1]
    body = many(entry.body, *["dead"] * 400)
    assert body["grants"] == []
    words = told(world, entry, body)
    assert words == f"Credentials of this run:\n- 400 proved dead, {NO_ROOM}"


def test_those_that_are_not_proved_dead_are_counted_apart(world: RunnerWorld) -> None:
    entry = world.ledger.entries[-1]
    words = told(world, entry, many(entry.body, *["dead"] * 40, *["unproved"] * 500)).splitlines()
    assert words[1].endswith(", unproved")
    assert words[2:] == [
        f"- 40 proved dead, {NO_ROOM}",
        f"- 499 **not** proved dead, {NO_ROOM}",
    ]
    some = told(world, entry, many(entry.body, *["dead"] * 400, "unproved")).splitlines()
    assert [line.startswith("- 400 proved dead, ") for line in some] == [False, False, True]


def test_where_the_record_does_not_count_what_it_left_out_that_is_not_none_either(world: RunnerWorld) -> None:
    entry = world.ledger.entries[-1]
    words = told(world, entry, {"grants": [], "left_out": [{"part": "grants[] proved dead"}]})
    assert "- others, for whose names the record had no room; the intent has them" in words
    assert told(world, entry, {"grants": [], "left_out": [{"part": "change.paths", "count": 3}]}) == "No credential was minted."


def test_a_credential_that_nobody_saw_being_minted_may_have_been(world: RunnerWorld) -> None:
    entry = world.ledger.entries[-1]
    grant = only(entry.body)
    words = told(world, entry, {"grants": [{**grant, "minted": None, "public_id": None}]})
    assert words.endswith(f"- `{grant['handle']}`: may have been minted; all the same revoked {grant['revoked']}, dead")


def test_a_run_that_never_began_has_no_credentials() -> None:
    def die(kind: RecordKind) -> None:
        if kind is RecordKind.INTENT:
            raise KeyboardInterrupt

    world = RunnerWorld()
    ref = world.propose(ADD)
    world.ledger.after_append = die
    with pytest.raises(KeyboardInterrupt):
        world.handle(ref)
    world.ledger.after_append = None
    assert world.handle(ref) is Ending.FAILED
    [body] = said(world, ref)
    assert "No credential was minted. What was announced was revoked all the same." in body
    assert "Credentials of this run" not in body
    assert world.broker.minted == []
