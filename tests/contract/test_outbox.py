"""The Outbox port: what every outbox promises, the one on disk and the one in memory."""

from pathlib import Path

import pytest

from countersign.domain.ids import RunId
from runners.outbox import FileOutbox
from runners.ports import Outbox
from tests.fakes.outbox import FakeOutbox

RUN, OTHER = RunId("run-abcdefghijklmnopqrst"), RunId("run-bbbbbbbbbbbbbbbbbbbb")
MARK = {"announced": "sha256:", "project": "acme/shop"}
KEPT = {"fault": None, "result": {"ok": True, "said": "caf\u00e9 \u202e"}}


@pytest.fixture(params=["disk", "memory"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Outbox:
    return FakeOutbox() if request.param == "memory" else FileOutbox(tmp_path / "outbox")


def test_it_gives_what_was_put_for_that_run_and_for_no_other(outbox: Outbox) -> None:
    outbox.reserve(RUN, MARK)
    outbox.put(RUN, KEPT)
    assert outbox.get(RUN) == KEPT
    assert outbox.get(OTHER) is None


def test_what_was_not_reserved_can_be_put_where_there_is_room(outbox: Outbox) -> None:
    outbox.put(RUN, KEPT)
    assert outbox.get(RUN) == KEPT


def test_room_names_whose_it_is_from_the_start(outbox: Outbox) -> None:
    outbox.reserve(RUN, MARK)
    assert outbox.get(RUN) == MARK
    outbox.reserve(RUN, {**MARK, "announced": "of another try"})
    assert outbox.get(RUN) == MARK


def test_what_is_put_later_counts(outbox: Outbox) -> None:
    outbox.put(RUN, {**KEPT, "more": "x" * 999})
    outbox.put(RUN, KEPT)
    assert outbox.get(RUN) == KEPT


def test_neither_making_room_nor_giving_it_back_loses_what_was_kept(outbox: Outbox) -> None:
    outbox.put(RUN, KEPT)
    outbox.reserve(RUN, MARK)
    assert not outbox.drop(RUN, None)
    assert not outbox.drop(RUN, MARK)
    assert outbox.get(RUN) == KEPT


def test_room_can_be_given_back_and_made_again(outbox: Outbox) -> None:
    for _ in range(2):
        assert outbox.drop(RUN, MARK)
        assert outbox.get(RUN) is None
        outbox.reserve(RUN, MARK)
        outbox.reserve(RUN, MARK)
    outbox.put(RUN, KEPT)
    assert outbox.get(RUN) == KEPT


def test_what_is_kept_is_swapped_for_something_else_once(outbox: Outbox) -> None:
    outbox.reserve(RUN, MARK)
    assert not outbox.swap(RUN, KEPT, {"a": "b"})
    assert outbox.get(RUN) == MARK
    assert outbox.swap(RUN, MARK, KEPT)
    assert not outbox.swap(RUN, None, {"a": "b"})
    assert outbox.get(RUN) == KEPT
    assert outbox.swap(RUN, KEPT, {"a": "b"})
    assert not outbox.swap(RUN, KEPT, {"c": "d"})
    assert outbox.get(RUN) == {"a": "b"}


def test_without_room_nothing_is_swapped(outbox: Outbox) -> None:
    assert not outbox.swap(RUN, None, KEPT)
    assert list(outbox.runs()) == []


def test_it_lists_what_takes_up_room_and_nothing_else(outbox: Outbox) -> None:
    assert list(outbox.runs()) == []
    outbox.reserve(RUN, MARK)
    outbox.put(OTHER, KEPT)
    assert sorted(outbox.runs()) == [RUN, OTHER]
    outbox.drop(RUN, MARK)
    assert list(outbox.runs()) == [OTHER]
    outbox.drop(OTHER, KEPT)
    assert list(outbox.runs()) == []


def test_a_file_is_as_young_as_what_was_done_to_it_last(outbox: Outbox) -> None:
    outbox.reserve(RUN, MARK)
    made = outbox.runs()[RUN]
    assert made.tzinfo is not None
    outbox.reserve(RUN, MARK)
    again = outbox.runs()[RUN]
    outbox.swap(RUN, MARK, KEPT)
    assert made <= again <= outbox.runs()[RUN]


def test_dropped_is_gone_and_can_be_dropped_again(outbox: Outbox) -> None:
    outbox.reserve(RUN, MARK)
    outbox.put(RUN, KEPT)
    for _ in range(2):
        assert outbox.drop(RUN, KEPT)
    assert outbox.get(RUN) is None


def test_only_what_whoever_drops_has_seen_is_dropped(outbox: Outbox) -> None:
    outbox.reserve(RUN, MARK)
    outbox.put(RUN, KEPT)
    for seen in (None, {}, {"a": "b"}):
        assert not outbox.drop(RUN, seen)
        assert outbox.get(RUN) == KEPT
    assert outbox.drop(RUN, dict(KEPT))
    assert list(outbox.runs()) == []
