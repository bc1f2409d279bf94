"""Starts the stage as a process that outlives the demo, and stops exactly that process."""

import os
import shutil
import signal
import subprocess  # noqa: TID251 - the stage's own server
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 600
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
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise StageError(f"{folder} cannot be made anew: {error}") from None
    log = folder / "stage.log"
    with log.open("wb") as out:
        server = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "tests.stage.serve", "--folder", str(folder.resolve())],
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


def stop(folder: Path, *, seconds: float = _STOP_SECONDS) -> bool:
    """Stop the stage that runs in a folder, if one does; say whether there was one. It is gone when this returns.

    Asked first, it ends all that it has started; killed where it does not answer, it takes those along (`Child`).

    Raises:
        StageError: it cannot be stopped.
    """
    try:
        pid = int((folder / "stage.pid").read_text())
    except (OSError, ValueError):
        return False
    born = _birth(pid, folder)
    if born is None:  # it has ended, or the number was given to somebody else meanwhile
        return False
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if _birth(pid, folder) != born:
                return True
            time.sleep(0.05)
    raise StageError(f"process {pid} goes on, although it was killed")


def _birth(pid: int, folder: Path) -> str | None:
    """Say when the process began, if it lives and is the stage of this folder."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    ours = b"tests.stage.serve" in command and str(folder.resolve()).encode() in command
    return fields[19] if ours and fields[0] != "Z" else None
