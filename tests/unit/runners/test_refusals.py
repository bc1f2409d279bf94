"""Refused messages are on the record, one by one or counted; they do not flood it, and none is lost while it is away."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation.ports import TakenError
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.ids import digest_of
from countersign.domain.outcomes import LedgerFault
from runners.refusals import LONGEST_WHY, RECORDS_A_MINUTE, Refusals
from tests.support.refusing import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_refusal_is_recorded_by_digest_and_size(desk: Desk) -> None:
    desk.refusals.refuse(b"secret words", "field 'x' " + "y" * 1000)
    desk.refusals.tick()
    (draft,) = desk.branch.drafts
    assert draft.kind is RecordKind.REFUSED
    assert draft.body["message"] == {"bytes": 12, "digest": digest_of(b"secret words")}
    assert len(str(draft.body["why"])) == LONGEST_WHY
    assert draft.change is None
    assert not desk.file.exists()


def test_so_many_a_minute_and_then_one_that_counts(desk: Desk) -> None:
    for number in range(RECORDS_A_MINUTE + 25):
        desk.refusals.refuse(b"%d" % number, "no")
        desk.later(seconds=1)
    assert len(desk.branch.alone()) == RECORDS_A_MINUTE
    assert desk.branch.counted() == 0
    desk.later(seconds=60)
    assert len(desk.branch.alone()) == RECORDS_A_MINUTE
    assert desk.branch.counted() == 25
    desk.refusals.refuse(b"another", "no")
    desk.refusals.tick()
    assert len(desk.branch.alone()) == RECORDS_A_MINUTE + 1


def test_a_quiet_minute_leaves_no_record(desk: Desk) -> None:
    for _ in range(5):
        desk.later(minutes=2)
    assert desk.branch.asked == 0


def test_the_same_message_again_is_one_record(desk: Desk) -> None:
    desk.refusals.refuse(b"again", "no")
    desk.refusals.refuse(b"again", "no")
    desk.refusals.tick()
    assert len(desk.branch.drafts) == 1
    assert not desk.file.exists()


@pytest.mark.parametrize("problem", [LedgerFault("away"), ValueError("a bug")])
def test_what_cannot_be_recorded_now_is_recorded_later_with_its_own_time(desk: Desk, problem: Exception) -> None:
    desk.branch.problem = problem
    then = desk.now
    desk.refusals.refuse(b"one", "no")
    desk.refusals.tick()
    desk.later(seconds=1)
    assert desk.branch.asked == 1, "a branch that is away is not asked every second"
    desk.branch.problem = None
    desk.later(minutes=1)
    assert [(draft.body["message"], draft.time) for draft in desk.branch.drafts] == [
        ({"bytes": 3, "digest": digest_of(b"one")}, then)
    ]


def test_a_branch_that_hangs_leaves_time_for_the_queue(desk: Desk) -> None:
    def hang(_drafts: Sequence[Draft]) -> list[Entry | TakenError | LedgerFault]:
        desk.branch.asked += 1
        desk.now += timedelta(minutes=1)
        raise LedgerFault("no answer")

    desk.refusals = Refusals(append_all=hang, file=desk.file, clock=lambda: desk.now, hide=str)
    desk.refusals.refuse(b"one", "no")
    desk.refusals.tick()
    desk.later(seconds=1)
    assert desk.branch.asked == 1


def test_a_flood_costs_one_push_and_what_cannot_be_recorded_keeps_nobody_out(desk: Desk) -> None:
    desk.branch.unfit = {f"refused/{digest_of(b'1')}"}
    for number in range(RECORDS_A_MINUTE):
        desk.refusals.refuse(b"%d" % number, "no")
    desk.refusals.tick()
    assert (desk.branch.asked, len(desk.branch.alone())) == (1, RECORDS_A_MINUTE - 1)
    assert [item["digest"] for item in json.loads(desk.file.read_bytes())] == [digest_of(b"1")]
    desk.branch.unfit = set()
    desk.later(minutes=1)
    assert (desk.branch.asked, len(desk.branch.alone())) == (2, RECORDS_A_MINUTE)
    assert not desk.file.exists()


def test_what_was_not_recorded_is_there_in_the_next_life(desk: Desk) -> None:
    desk.branch.problem = LedgerFault("away")
    for number in range(RECORDS_A_MINUTE + 3):
        desk.refusals.refuse(b"%d" % number, "no")
    desk.refusals.finish()
    assert b"away" not in desk.file.read_bytes()
    desk.branch.problem = None
    desk.refusals = desk.again()
    desk.refusals.tick()
    assert len(desk.branch.alone()) == RECORDS_A_MINUTE
    assert desk.branch.counted() == 3
    assert not desk.file.exists()


@pytest.mark.parametrize("left", [b"", b"[", b"{}", b"[1]", b'[{"time": 1}]', b'[{"odd": "x"}]', b"\xff"])
def test_a_file_that_is_not_whole_does_not_stop_the_start(desk: Desk, left: bytes) -> None:
    desk.file.write_bytes(left)
    desk.refusals = desk.again()
    desk.refusals.refuse(b"one", "no")
    desk.later(minutes=1)
    assert [draft.body["message"] for draft in desk.branch.drafts] == [{"bytes": 3, "digest": digest_of(b"one")}]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 15), st.booleans()), max_size=6))
def test_every_message_is_on_the_record_once_or_counted_once(
    tmp_path_factory: pytest.TempPathFactory, days: list[tuple[int, int, bool]]
) -> None:
    desk, sent = Desk(tmp_path_factory.mktemp("desk")), 0
    for seconds, messages, away in days:
        desk.branch.problem = LedgerFault("away") if away else None
        desk.later(seconds=seconds)
        for _ in range(messages):
            sent += 1
            desk.refusals.refuse(b"%d" % sent, "no")
            desk.refusals.tick()
    desk.branch.problem = None
    desk.refusals.finish()
    assert len(desk.branch.alone()) + desk.branch.counted() == sent
    assert len(desk.branch.alone()) <= RECORDS_A_MINUTE * (1 + sum(seconds for seconds, _, _ in days) // 60)
