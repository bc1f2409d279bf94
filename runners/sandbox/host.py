"""Brings a rootless podman API socket up and down: `python -m runners.sandbox.host up|down|status --state DIR`.

Needs the Debian packages podman, runc, uidmap, netavark and golang-github-containers-common; neither systemd nor a network.
As root it uses an unprivileged account made for it (see `place.py`) and delegates control groups (see `cgroups.py`). Does not
prove anything: `attest.py` does, from inside a container.
"""

import argparse
import fcntl
import http.client
import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from countersign.domain.outcomes import SandboxFault
from runners.sandbox import cgroups, commands, place
from runners.sandbox.commands import Account
from runners.sandbox.output import last_of
from runners.sandbox.place import Place

_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


def up(state: Path) -> Path:
    """Bring the engine of a state folder up, if it is not; give its socket.

    Raises:
        SandboxFault: a program is missing, or the engine does not answer; the text says what it wrote.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(state):
        running = _running(state)
        if running is not None:
            return running.socket
        where = place.prepare(state)
        limits = cgroups.delegate(where.slot, where.account, where.base / "slot")
        _say(f"starting rootless podman as {where.account.name}; control groups delegated: {', '.join(limits) or 'none'}")
        log = state / "podman.log"
        where.socket.unlink(missing_ok=True)
        argv = ["podman", "system", "service", "--time=0", f"unix://{where.socket}"]
        pid = commands.spawn(argv, log=log, account=where.account, env=where.env)
        born = commands.birth(pid)
        (state / "engine.json").write_text(json.dumps({"pid": pid, "birth": born}))
        _await(where.socket, pid, log)
        where.socket.chmod(0o600)
        return where.socket


def down(state: Path, *, purge: bool = False) -> bool:
    """Stop what `up` started, containers included; with `purge` remove images and storage too. Say whether anything was there.

    Raises:
        SandboxFault: podman failed.
    """
    if not (state / "engine.json").exists() and not purge:
        return False
    if not state.exists():
        return False
    with _alone(state):
        try:
            where = place.find(state)
        except SandboxFault:
            return False
        if not (where.base / "containers.conf").exists():
            return False
        where.podman("rm", "--all", "--force", "--time", "0")
        _stop(state, where)
        if purge:
            place.remove(where)
    return True


def status(state: Path) -> Path | None:
    """Give the socket of the engine where it is up."""
    running = _running(state)
    return running.socket if running else None


def main(arguments: list[str] | None = None) -> int:
    """Do as the command line says; print JSON on standard output and progress on standard error."""
    parser = argparse.ArgumentParser(prog="python -m runners.sandbox.host", description="Rootless podman for runs.")
    parser.add_argument("command", choices=("up", "down", "status"))
    default = Account.me().home / ".local/state/countersign/containers"
    parser.add_argument("--state", type=Path, default=default, help="folder for pid file and log (default %(default)s)")
    parser.add_argument("--purge", action="store_true", help="with down: remove images and storage too")
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "down":
            answer: dict[str, object] = {"stopped": down(asked.state, purge=asked.purge)}
        else:
            found = up(asked.state) if asked.command == "up" else status(asked.state)
            answer = {"socket": str(found) if found else None}
    except (SandboxFault, OSError) as error:
        _say(str(error))
        return 1
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _running(state: Path) -> Place | None:
    try:
        kept = json.loads((state / "engine.json").read_text())
        where = place.find(state)
    except (OSError, ValueError, SandboxFault):
        return None
    alive = kept["birth"] is not None and commands.birth(kept["pid"]) == kept["birth"]
    return where if alive and _answers(where.socket) else None


def _stop(state: Path, where: Place) -> None:
    """End the service and podman's pause process, which keeps the user namespace; then give the control groups back."""
    # podman's first process starts a second one inside its namespace; the socket's name in their arguments tells them as ours.
    for pid, born in commands.processes(where.account, naming=str(where.socket)):
        _end(pid, born)
    (state / "engine.json").unlink(missing_ok=True)
    pause = where.runtime_dir / "libpod" / "pause.pid"
    if pause.exists():
        pid = int(pause.read_text())
        _end(pid, dict(commands.processes(where.account, naming="catatonit")).get(pid, ""))
        pause.unlink()
    where.socket.unlink(missing_ok=True)
    cgroups.remove(where.base / "slot")


def _await(path: Path, pid: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(path):
        if commands.birth(pid) is None or time.monotonic() > deadline:
            raise SandboxFault(f"podman did not start: {last_of(log.read_text(errors='replace'), 1000)}")
        time.sleep(0.02)


def _end(pid: int, born: str) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        commands.end(pid, born, with_signal=kind)
        deadline = time.monotonic() + _STOP_SECONDS
        while commands.birth(pid) == born and time.monotonic() < deadline:
            time.sleep(0.02)


def _answers(path: Path) -> bool:
    """Ask the API for a sign of life."""
    connection = http.client.HTTPConnection("localhost", timeout=5)
    try:
        with socket.socket(socket.AF_UNIX) as connection.sock:
            connection.sock.settimeout(5)
            connection.sock.connect(str(path))
            connection.request("GET", "/_ping")
            return connection.getresponse().read() == b"OK"
    except (OSError, http.client.HTTPException):
        return False


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Let one process at a time bring an engine up or down."""
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    sys.stderr.write(f"sandbox: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
