"""A full disk, and a process killed in the middle of an append: nothing half-written is ever accepted, and the next one goes on."""

import random
import subprocess  # noqa: TID251 - a process to be killed
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep

import pytest

from countersign.attestation.record import Entry
from countersign.domain.outcomes import LedgerFault
from tests.support.appending import ledger, pushes
from tests.support.audit import CHANGE, Remote, refused
from tests.support.disks import Disk, disk

ROOT = Path(__file__).parents[3]
MEGABYTE = 1 << 20
BLOCKS = (0, 1, 2, 3, 5, 8, 13, 34)
"""How many blocks of 4 KiB are left when it begins: a push takes between ten and twenty, so each of its writes is hit."""


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote.make(tmp_path)


def standing(remote: Remote, home: Path) -> list[str]:
    """Read the branch as somebody who has never seen it: every record is checked from the first on."""
    return [entry.key for entry in remote.reader(directory=home).of_change(CHANGE)]


def whole(keys: list[str], told: list[str]) -> None:
    """See that what was said to stand does, once, and that of what was pushed together all stands or nothing."""
    assert len(keys) == len(set(keys))
    assert [key for key in told if key not in keys] == []
    ended = {key.partition("/")[2] for key in keys if key.startswith("outcome/")}
    assert {key.partition("/")[2] for key in keys if key.startswith("intent/")} == ended


@pytest.mark.parametrize("full", ["writer", "remote", "both"])
def test_a_full_disk_is_a_fault_and_what_stands_is_whole(tmp_path: Path, full: str) -> None:
    with disk(tmp_path / "disk", size=4 * MEGABYTE) as small:
        remote = Remote.make(tmp_path if full == "writer" else small.path)
        home = (tmp_path if full == "remote" else small.path) / "writer"
        writer = ledger(remote.path, home)
        assert isinstance(writer.append(refused("first")), Entry)
        told, hit = ["refused/first"], 0
        for number, blocks in enumerate(BLOCKS):
            with small.filled(but=blocks):
                said, faults = until_full(remote, home, f"{number}")
            told += said
            hit += faults > 0
            whole(standing(remote, tmp_path / f"reader-{number}"), told)
            told.append(ledger(remote.path, home).append(refused(f"room-{number}")).key)  # once there is room, it goes on
        assert hit == len(BLOCKS), "the disk was full each time"
        whole(standing(remote, tmp_path / "reader"), told)


def until_full(remote: Remote, home: Path, life: str) -> tuple[list[str], int]:
    """Append until two pushes in a row are faults, each in a sentence; give what was said to stand, and how many faults."""
    said: list[str] = []
    faults = last = 0
    writer = ledger(remote.path, home)
    for drafts in pushes(life, 40):
        results = writer.append_all(drafts)
        said += [result.key for result in results if isinstance(result, Entry)]
        wrong = [result for result in results if not isinstance(result, Entry)]
        assert all(isinstance(result, LedgerFault) and str(result) for result in wrong), wrong
        faults += bool(wrong)
        if wrong and last:
            break
        last = len(wrong)
    return said, faults


def test_a_disk_is_really_full(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", size=MEGABYTE) as small, small.filled(but=0), pytest.raises(OSError, match="No space left"):
        (small.path / "more").write_bytes(bytes(5000))
    assert isinstance(small, Disk)


def test_a_process_killed_at_any_moment_leaves_whole_records_only(remote: Remote) -> None:
    """Some moments are counted from the process's beginning, some from its first record on; the seed is always the same."""
    dice, home, told = random.Random(43), remote.home / "w", list[str]()  # noqa: S311 - moments, no secret
    for life in range(10):
        child = start(remote, home, str(life))
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(1 + life % 2)]
        sleep(dice.uniform(0, 0.7))
        child.kill()
        said += child.communicate(timeout=60)[0].splitlines(keepends=True)
        wait_for_its_git(remote)
        assert not [line for line in said if line.startswith("fault")]
        told += [line.split()[1] for line in said if line.startswith("stands ") and line.endswith("\n")]
        keys = standing(remote, remote.home / f"reader-{life}")
        whole(keys, told)
        told.append(remote.writer(directory=home).append(refused(f"next-{life}")).key)
    assert len(told) > 15, "some were killed in the middle, not before"
    whole(standing(remote, remote.home / "reader"), told)


def start(remote: Remote, home: Path, life: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.appending", str(remote.path), str(home), life, "200"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603


def wait_for_its_git(remote: Remote) -> None:
    """Wait for what outlives a process that was killed: a push that is under way lands, or does not, but not while we count."""
    for _ in range(600):
        if not any(str(remote.path).encode() in command for command in commands()):
            return
        sleep(0.05)
    raise AssertionError("a git of a process that was killed still runs")


def commands() -> Iterator[bytes]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            yield file.read_bytes()
