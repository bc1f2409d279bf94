"""The outbox keeps a result whole or not at all."""

from pathlib import Path

import pytest

from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault
from runners.outbox import FileOutbox

RUN = RunId("run-abcdefghijklmnopqrst")


def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    FileOutbox(tmp_path / "outbox").put(RUN, {"fault": None, "result": {"ok": True}})
    assert FileOutbox(tmp_path / "outbox").get(RUN) == {"fault": None, "result": {"ok": True}}


def test_nothing_was_put(tmp_path: Path) -> None:
    assert FileOutbox(tmp_path).get(RUN) is None


def test_half_a_file_is_nothing(tmp_path: Path) -> None:
    box = FileOutbox(tmp_path)
    box.put(RUN, {"result": {"ok": True}})
    kept = tmp_path / f"{RUN}.json"
    kept.write_bytes(kept.read_bytes()[:-3])
    assert box.get(RUN) is None


def test_dropped_is_gone_and_can_be_dropped_again(tmp_path: Path) -> None:
    box = FileOutbox(tmp_path)
    box.put(RUN, {"result": None})
    box.drop(RUN)
    box.drop(RUN)
    assert box.get(RUN) is None
    assert list(tmp_path.iterdir()) == []


def test_only_we_can_read_it(tmp_path: Path) -> None:
    FileOutbox(tmp_path / "outbox")
    assert (tmp_path / "outbox").stat().st_mode & 0o077 == 0


def test_a_disk_that_refuses_is_a_fault(tmp_path: Path) -> None:
    box = FileOutbox(tmp_path / "outbox")
    (tmp_path / "outbox" / f"{RUN}.partial").mkdir()
    with pytest.raises(Fault, match="outbox"):
        box.put(RUN, {"result": None})
    assert box.get(RUN) is None
