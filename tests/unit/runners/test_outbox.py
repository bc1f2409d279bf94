"""The outbox on disk keeps a result whole or not at all, in blocks that were taken before. See also `tests/contract`."""

import fcntl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault
from runners.outbox import LARGEST, FileOutbox

RUN = RunId("run-abcdefghijklmnopqrst")
MARK = {"announced": "sha256:", "project": "acme/shop"}
KEPT = {"result": {"ok": True, "said": "a word  and another"}}


def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    FileOutbox(tmp_path / "outbox").put(RUN, KEPT)
    assert FileOutbox(tmp_path / "outbox").get(RUN) == KEPT


@pytest.mark.parametrize("reserved", [True, False])
def test_half_a_file_is_nothing(tmp_path: Path, *, reserved: bool) -> None:
    box = FileOutbox(tmp_path)
    if reserved:
        box.reserve(RUN, MARK)
    box.put(RUN, KEPT)
    file = tmp_path / f"{RUN}.json"
    whole = file.read_bytes()
    length = len(whole.rstrip(b"\0"))
    for place in range(length):
        file.write_bytes(whole[:place] + bytes(len(whole) - place))
        assert box.get(RUN) is None
        file.write_bytes(whole[:place] + b" " + whole[place + 1 :])  # a block that did not get there, in the middle
        assert box.get(RUN) in (None, KEPT)
    file.write_bytes(whole[: length - 3])
    assert box.get(RUN) is None


def test_room_that_names_nobody_is_named_when_it_is_made_again(tmp_path: Path) -> None:
    box = FileOutbox(tmp_path)
    box.reserve(RUN, MARK)
    file = tmp_path / f"{RUN}.json"
    for half in (b"", bytes(LARGEST), b"sha256:" + bytes(LARGEST - 7)):
        file.write_bytes(half)
        assert box.get(RUN) is None
        box.reserve(RUN, MARK)
        assert box.get(RUN) == MARK
        assert file.stat().st_size == LARGEST


@pytest.mark.parametrize("how", ["swap", "put"])
def test_whoever_writes_waits_for_whoever_is_at_it(tmp_path: Path, how: str) -> None:
    """Otherwise one who closes and one who begins could both find the mark."""
    box, elsewhere = FileOutbox(tmp_path / "outbox"), FileOutbox(tmp_path / "elsewhere")
    box.reserve(RUN, MARK)
    elsewhere.put(RUN, KEPT)
    written = (tmp_path / "elsewhere" / f"{RUN}.json").read_bytes()
    with ThreadPoolExecutor(1) as pool, (tmp_path / "outbox" / f"{RUN}.json").open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = pool.submit(box.swap, RUN, MARK, {"a": "b"}) if how == "swap" else pool.submit(box.put, RUN, {"a": "b"})
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        other.write(written)
        other.flush()
        fcntl.flock(other, fcntl.LOCK_UN)
        assert waiting.result(timeout=20) is (False if how == "swap" else None)
    assert box.get(RUN) == (KEPT if how == "swap" else {"a": "b"})


@pytest.mark.parametrize("how", ["swap", "put", "drop"])
def test_nothing_is_written_into_a_file_that_was_dropped_meanwhile(tmp_path: Path, how: str) -> None:
    box, file = FileOutbox(tmp_path), tmp_path / f"{RUN}.json"
    box.reserve(RUN, MARK)
    ways: dict[str, Callable[[], object]] = {
        "swap": lambda: box.swap(RUN, None, KEPT),
        "put": lambda: box.put(RUN, KEPT),
        "drop": lambda: box.drop(RUN, {"a": "b"}),
    }
    with ThreadPoolExecutor(1) as pool, file.open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = pool.submit(ways[how])
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        file.unlink()
        fcntl.flock(other, fcntl.LOCK_UN)
        assert waiting.result(timeout=20) is {"swap": False, "put": None, "drop": True}[how]
    assert box.get(RUN) == (KEPT if how == "put" else None)


def test_the_blocks_are_taken_beforehand_and_stay_taken(tmp_path: Path) -> None:
    box = FileOutbox(tmp_path)
    box.reserve(RUN, MARK)
    file = tmp_path / f"{RUN}.json"
    taken, number = file.stat().st_blocks * 512, file.stat().st_ino
    assert taken >= LARGEST
    box.put(RUN, {"said": "x" * (LARGEST - 1000)})
    assert (file.stat().st_size, file.stat().st_ino) == (LARGEST, number), "in the same file: another one would need other blocks"
    assert file.stat().st_blocks * 512 == taken


def test_nothing_is_left_of_what_is_over(tmp_path: Path) -> None:
    box = FileOutbox(tmp_path)
    box.reserve(RUN, MARK)
    box.drop(RUN, MARK)
    assert list(tmp_path.iterdir()) == []
    box.reserve(RUN, MARK)
    box.put(RUN, KEPT)
    box.drop(RUN, KEPT)
    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_version_kept_is_read(tmp_path: Path) -> None:
    (tmp_path / f"{RUN}.json").write_text('{"fault": null, "result": {"ok": true}}')
    assert FileOutbox(tmp_path).get(RUN) == {"fault": None, "result": {"ok": True}}


def test_only_we_can_read_it(tmp_path: Path) -> None:
    box = FileOutbox(tmp_path / "outbox")
    box.reserve(RUN, MARK)
    assert (tmp_path / "outbox").stat().st_mode & 0o077 == 0
    assert (tmp_path / "outbox" / f"{RUN}.json").stat().st_mode & 0o077 == 0


def test_a_disk_that_refuses_is_a_fault_and_never_nothing(tmp_path: Path) -> None:
    box = FileOutbox(tmp_path / "outbox")
    (tmp_path / "outbox" / f"{RUN}.json").mkdir()
    with pytest.raises(Fault, match="outbox"):
        box.reserve(RUN, MARK)
    with pytest.raises(Fault, match="outbox"):
        box.put(RUN, KEPT)
    with pytest.raises(Fault, match="outbox"):
        box.swap(RUN, None, KEPT)
    with pytest.raises(Fault, match="outbox"):
        box.get(RUN)
    assert box.drop(RUN, None), "a sweep may be able to; nothing waits for it"
