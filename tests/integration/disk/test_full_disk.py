"""A disk that is really full: the outbox keeps what came of a run, and the record says it once there is room."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from countersign.adapters.ledger.writer import GitLedger
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault, LedgerFault
from runners.outbox import LARGEST, FileOutbox
from runners.pipeline import Ending, Room
from tests.fakes.runner import RunnerWorld
from tests.support.audit import ORIGIN, Remote, signer, trust_root
from tests.support.disks import Disk, disk

RUN, OTHER = RunId("run-abcdefghijklmnopqrst"), RunId("run-bbbbbbbbbbbbbbbbbbbb")
MARK = {"announced": "sha256:", "project": "acme/shop"}
FILES = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "disk", size=8 << 20) as mounted:
        yield mounted


def test_what_was_reserved_takes_the_largest_result_on_a_full_disk(small: Disk) -> None:
    box = FileOutbox(small.path / "outbox")
    box.reserve(RUN, MARK)
    small.fill()
    with pytest.raises(Fault, match=r"no room for what would come of run-b.*No space left"):
        box.reserve(OTHER, MARK)
    with pytest.raises(Fault, match="No space left"):
        box.put(OTHER, {"said": "x" * 5000})
    result = {"said": "x" * (LARGEST - 1000)}
    box.put(RUN, result)
    assert FileOutbox(small.path / "outbox").get(RUN) == result


def test_a_disk_that_fills_up_while_a_command_runs_loses_nothing(small: Disk, tmp_path: Path) -> None:
    """Outbox and clone of the audit branch on one disk, as `STATE_DIR` is: neither can be written, and `executed` is recorded."""
    world = RunnerWorld()
    remote = Remote.make(tmp_path)
    ledger = GitLedger(
        remote_url=str(remote.path),
        directory=small.path / "ledger",
        trust_root=trust_root(),
        signer=signer(),
        origin=ORIGIN,
        clock=world.clock,
        sleep=lambda _: None,
    )
    outbox = FileOutbox(small.path / "outbox")
    closer = replace(world.pipeline.closer, outbox=outbox)
    pipeline, room = replace(world.pipeline, outbox=outbox, closer=closer), Room(world.repository, ledger)
    filled: list[Path] = []
    world.sandbox.act = lambda *_: filled.append(small.fill())
    ref = world.propose(FILES)
    with pytest.raises(LedgerFault):
        pipeline.handle(ref, room)
    assert world.broker.live == frozenset()
    filled[0].unlink()
    assert pipeline.handle(ref, room) is Ending.APPLIED
    assert [entry.kind.value for entry in ledger.of_change(ref)] == ["assessed", "intent", "executed"]
    assert len(world.sandbox.specs) == 1
    assert list((small.path / "outbox").iterdir()) == []
