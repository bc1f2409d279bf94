"""Starts the stage as a process that outlives the demo, and stops exactly that process."""

import os
import shutil
import signal
import subprocess  # noqa: TID251 - the stage's own server
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 240
_STOP_SECONDS = 30


class StageError(Exception):
    """The stage did not start; the text says why."""


def now() -> datetime:
    """Give the present moment: the stage is no part of the house and has no clock to pass on."""
    return datetime.now(UTC)  # noqa: TID251 - see above


def start(folder: Path, *, say: Callable[[str], None]) -> None:
    """Start a new stage in place of an old one and wait until it is ready, passing its progress on.

    Raises:
        StageError: it did not become ready.
    """
    stop(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    log = folder / "stage.log"
    with log.open("wb") as out:
        server = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "tests.stage.serve", "--folder", str(folder)],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    shown = 0
    deadline = time.monotonic() + _START_SECONDS
    while True:
        lines = log.read_text(errors="replace").splitlines()
        for line in lines[shown:]:
            say(line)
        shown = len(lines)
        if (folder / "stage.json").exists():
            return
        if server.poll() is not None:
            raise StageError(f"the stage ended with status {server.returncode}; see {log}")
        if time.monotonic() > deadline:
            stop(folder)
            raise StageError(f"the stage was not ready after {_START_SECONDS} s; see {log}")
        time.sleep(0.1)


def stop(folder: Path) -> bool:
    """Stop the stage that runs in a folder, if one does; say whether there was one."""
    try:
        pid = int((folder / "stage.pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    if b"tests.stage.serve" not in command:  # the number was given to somebody else meanwhile
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline and not _is_zombie(pid):
        time.sleep(0.05)
    return True


def _is_zombie(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
