"""Starts the real servers that tests and the demo talk to, on loopback, and stops exactly those.

A child ends with the thread that started it (`setpriv --pdeathsig`), so a killed test run leaves nothing behind. Does not know
any server; `postgres.py`, `redis.py` and `moto.py` do.
"""

import os
import shutil
import signal
import socket
import subprocess  # noqa: TID251 - the one module of the tests' support that starts processes
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class UnusableError(Exception):
    """A real part that the tests need is missing, or did not start. The text says what to do."""


def binary(name: str, *folders: str) -> str:
    """Find a program in the given folders or on the system's path.

    Raises:
        UnusableError: it is not there.
    """
    found = shutil.which(name, path=":".join([*folders, _PATH]))
    if found is None:
        raise UnusableError(f"{name} is not installed; run `make setup`")
    return found


def free_port() -> int:
    """Ask the system for a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(argv: Sequence[str], *, user: str | None = None, timeout: float = 60) -> None:
    """Run a command to its end with an environment of its own.

    Raises:
        UnusableError: it failed; the text ends with what it wrote.
    """
    done = subprocess.run(  # noqa: S603 - argv is ours
        _as_user(argv, user), env=_environment({}), capture_output=True, check=False, timeout=timeout, cwd="/"
    )
    if done.returncode:
        written = (done.stderr or done.stdout).decode(errors="replace").strip()[-2000:]
        raise UnusableError(f"{Path(argv[0]).name} ended with status {done.returncode}: {written}")


class Child:
    """One server process. `stop` ends it; leaving the `with` does so too."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        end: signal.Signals = signal.SIGTERM,
        folder: Path | None = None,
    ) -> None:
        """Start it; output goes to `log`. `end` is the signal that it takes as a request to stop."""
        self.name = Path(argv[0]).name
        self._log = log
        self._end = end
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - argv is ours
                _as_user([binary("setpriv"), f"--pdeathsig={end.name}", *argv], user),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=_environment(environment or {}),
                cwd=folder or "/",
            )

    def __enter__(self) -> Self:
        """Give the running process."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    def wait_for(self, ready: Callable[[], bool], *, seconds: float = 120) -> None:
        """Wait until `ready` says so.

        Raises:
            UnusableError: the process ended, or time is up; the text ends with what it wrote.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise UnusableError(f"{self.name} ended with status {self._process.returncode}: {self.written()}")
            if time.monotonic() > deadline:
                raise UnusableError(f"{self.name} was not ready after {seconds} s: {self.written()}")
            time.sleep(0.02)

    def written(self) -> str:
        """Give the end of its output."""
        return self._log.read_text(errors="replace").strip()[-2000:]

    def wait(self, *, seconds: float) -> int:
        """Wait until it ends by itself; give its status, negative for a signal.

        Raises:
            UnusableError: it still runs; the text ends with what it wrote.
        """
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise UnusableError(f"{self.name} still runs after {seconds} s: {self.written()}") from None

    def pause(self) -> None:
        """Stop it in its tracks (SIGSTOP), as a machine that hangs."""
        self._process.send_signal(signal.SIGSTOP)

    @property
    def paused(self) -> bool:
        """Say whether it is stopped in its tracks."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self, *, seconds: float = 10) -> None:
        """End it: politely, then not. Can be repeated."""
        if self._process.poll() is None:
            self._process.send_signal(self._end)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(seconds)


def _as_user(argv: Sequence[str], user: str | None) -> list[str]:
    if user is None or os.geteuid() != 0:
        return list(argv)
    return [binary("setpriv"), f"--reuid={user}", f"--regid={user}", "--init-groups", *argv]


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Give a small environment, so that nothing of the caller's decides what a server does."""
    return {"PATH": _PATH, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", **more}
