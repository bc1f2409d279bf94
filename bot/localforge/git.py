"""Starts git for the embedded forge, and nothing else does. Does not know what the commands mean.

Reads no configuration of the machine or its user and asks nobody for a password.
"""

import os
import shutil
import subprocess  # noqa: TID251 - this module starts git for the embedded forge
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_PATH = "/usr/local/bin:/usr/bin:/bin"
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "PATH": _PATH,
    "TZ": "UTC",
}
_CONFIG = {"core.quotePath": "false", "gc.auto": "0", "maintenance.auto": "false", "protocol.file.allow": "always"}
_SECONDS = 120
_SHOWN = 400


class GitError(Exception):
    """git ended with a status other than 0, or not at all."""

    def __init__(self, args: Sequence[str], status: int, said: str) -> None:
        """Keep what callers tell cases apart by."""
        super().__init__(f"git {args[0]} ended with status {status}: {said[:_SHOWN]}")
        self.status = status
        self.said = said


def run_git(
    args: Sequence[str],
    *,
    cwd: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    fine: Sequence[int] = (0,),
) -> bytes:
    """Run a git command to its end and give what it wrote; statuses in `fine` are no errors.

    Raises:
        GitError: it ended otherwise, or not within two minutes.
    """
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the program is git
            [_git(), *args],
            cwd=cwd,
            input=stdin,
            env=_environment(environment or {}),
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise GitError(args, -1, "it did not end in time") from None
    if done.returncode not in fine:
        raise GitError(args, done.returncode, done.stderr.decode(errors="replace").strip())
    return done.stdout


def run_backend(*, environment: Mapping[str, str], stdin: IO[bytes], stdout: IO[bytes]) -> None:
    """Run `git http-backend`, a CGI program, from file to file.

    Raises:
        GitError: it failed, or did not end within two minutes.
    """
    argv = [_git(), "http-backend"]
    try:
        done = subprocess.run(  # noqa: S603 - as above
            argv,
            cwd="/",
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=_environment(environment),
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise GitError(argv[1:], -1, "it did not end in time") from None
    if done.returncode:
        raise GitError(argv[1:], done.returncode, done.stderr.decode(errors="replace").strip())


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    environment = {**_ENVIRONMENT, "GIT_CONFIG_COUNT": str(len(_CONFIG)), **more}
    for number, (key, value) in enumerate(_CONFIG.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def _git() -> str:
    found = shutil.which("git", path=_PATH)
    if found is None:
        raise GitError(["--version"], 127, "git is not installed; run `make setup`")
    return found
