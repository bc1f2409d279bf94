"""Whose approvals counted, as page and packet tell it, where nobody could judge how the change's question ended."""

import json

import pytest

from countersign.attestation.accounts.exceptions import find_exceptions
from countersign.attestation.accounts.plain import Plain
from countersign.attestation.accounts.story import tell
from countersign.attestation.inputs import TOO_LARGE
from countersign.attestation.packets.derived import derived
from countersign.attestation.packets.form import APPROVALS
from runners.pipeline import Ending
from tests.fakes.runner import RunnerWorld

MANY = {f".countersign/notes/{number:04}/{'x' * 40}": "x\n" for number in range(400)}
"""More than the record has room for, so that nobody can judge the end by the question."""


@pytest.fixture
def raws() -> list[bytes]:
    world = RunnerWorld()
    ref = world.propose(MANY)
    assert world.handle(ref) is Ending.WAITING
    world.approve(ref, "lea", "lou", "wanda")
    assert world.handle(ref) is Ending.NOTHING_TO_RUN
    world.forge.merge(ref, world.world.held(ref).head, into="main")
    assert world.handle(ref) is Ending.GONE
    assert world.kinds() == ["assessed", "allowed", "expired"]
    assert world.ledger.entries[-1].body["unjudged"] == TOO_LARGE
    return [entry.raw for entry in world.ledger.entries]


def read(raws: list[bytes]) -> list[Plain]:
    return [json.loads(raw)["predicate"] for raw in raws]


def test_the_approvals_that_were_judged_last_stay(raws: list[bytes]) -> None:
    story = tell(read(raws))
    assert story is not None
    assert [item["username"] for item in story.approvals] == ["wanda", "lea", "lou"]
    counted = json.loads(derived(raws)[APPROVALS])["counted"]
    assert [item["username"] for item in counted] == ["wanda", "lea", "lou"]


def test_where_none_were_judged_a_packet_does_not_say_that_none_counted(raws: list[bytes]) -> None:
    assert APPROVALS not in derived([raws[0], raws[2]])


def test_exceptions_say_that_it_cannot_be_told(raws: list[bytes]) -> None:
    (changed, around) = [item for item in find_exceptions(read(raws)) if item.told.seq == 2 and item.kind != "expired"]
    assert (changed.kind, around.kind) == ("policy-change", "unapproved-merge")
    assert changed.what == f"merged, by shop-agent, sam, countersign-bot; whose approval counts cannot be told: {TOO_LARGE}"
    assert around.what == f"whether the approvals were there cannot be told: {TOO_LARGE}"
