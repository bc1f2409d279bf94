"""A full disk, and a process killed in the middle of an append: nothing half-written is ever accepted, and the next one goes on."""

import subprocess  # noqa: TID251 - a process to be killed
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep

import pytest

from tests.support.audit import CHANGE, REF, Remote, refused

ROOT = Path(__file__).parents[3]


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote.make(tmp_path)


def start(remote: Remote, home: Path, *, first: int, count: int, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.appending", str(remote.path), str(home), str(first), str(count), str(limit)]
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


def standing(remote: Remote) -> list[str]:
    """Read the branch as somebody who has never seen it: every record is checked from the first on."""
    return [entry.key for entry in remote.reader().of_change(CHANGE)]


@pytest.mark.parametrize("limit", [64, 1024, 4096, 40_000])
def test_a_full_disk_is_a_fault_and_what_stands_is_whole(remote: Remote, limit: int) -> None:
    """The limit hits our files, git's here, and git's at the remote: whichever is first."""
    home = remote.home / "w"
    whole = start(remote, home, first=0, count=1)
    assert whole.communicate(timeout=120)[0] == "stands 0\n"
    full = start(remote, home, first=1, count=2, limit=limit)
    out, err = full.communicate(timeout=240)
    assert (full.returncode, err) == (0, ""), "a fault in a sentence, no traceback"
    said = out.splitlines()
    assert len(said) == 2
    assert all(
        line.startswith(
            ("fault refused/", "fault the audit branch", "fault what was checked", "fault no place", "fault the pin", "stands ")
        )
        for line in said
    ), said
    keys = standing(remote)
    assert len(keys) >= 1 + sum(line.startswith("stands") for line in said), "what was said to stand does"
    ledger = remote.writer(directory=home)
    assert ledger.append(refused("afterwards")).seq == len(keys), "once there is room, it goes on where it was"


def test_a_process_killed_at_any_moment_leaves_whole_records_only(remote: Remote) -> None:
    home, first = remote.home / "w", 0
    for pause in (0.4, 0.7, 1.0, 1.3):
        child = start(remote, home, first=first, count=50)
        assert child.stdout is not None
        said = [child.stdout.readline()]
        sleep(pause)
        child.kill()
        said += child.communicate(timeout=60)[0].splitlines(keepends=True)
        wait_for_its_git(remote)
        told = [line for line in said if line.startswith("stands ") and line.endswith("\n")]
        keys = standing(remote)
        assert len(keys) == len(set(keys))
        assert len(keys) >= first + len(told), "what was said to stand stands; the last may, without having been said"
        assert keys == [f"refused/{number}" for number in range(len(keys))]
        first = len(keys)
    assert remote.writer(directory=home).append(refused("afterwards")).seq == first
    assert remote.git("rev-list", "--count", REF).decode().strip() == str(first + 1)
