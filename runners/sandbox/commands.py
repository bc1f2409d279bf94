"""Starts the programs of the container host: podman, useradd, mmdebstrap. The one module of the sandbox that does.

Every program gets an environment made here, so that nothing of the caller's decides what a container engine does.
"""

import os
import pwd
import signal
import subprocess  # noqa: TID251 - the one module of the sandbox that starts processes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from countersign.domain.outcomes import SandboxFault
from runners.sandbox.output import last_of

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Account:
    """Who a program runs as. `home` is what it takes for its home directory."""

    name: str
    uid: int
    gid: int
    home: Path

    @classmethod
    def me(cls) -> "Account":
        """Give the account of this process."""
        return cls.of(pwd.getpwuid(os.geteuid()))

    @classmethod
    def of(cls, entry: pwd.struct_passwd) -> "Account":
        """Read it from an entry of the password database."""
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid, Path(entry.pw_dir))


def run(
    argv: Sequence[str],
    *,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    stdin: BinaryIO | None = None,
    timeout: float = 60,
) -> str:
    """Run a program to its end, as `account` where it is given; give what it wrote to standard output.

    Raises:
        SandboxFault: it is missing, failed, or took longer than `timeout` seconds; the text ends with what it wrote.
    """
    other = _other(account)
    try:
        done = subprocess.run(  # noqa: S603 - argv is ours
            list(argv),
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=timeout,
            cwd="/",
            env=environment(account, env),
            user=other.uid if other else None,
            group=other.gid if other else None,
            extra_groups=() if other else None,
        )
    except FileNotFoundError:
        raise SandboxFault(f"{argv[0]} is not installed; run `make setup`") from None
    except subprocess.TimeoutExpired:
        raise SandboxFault(f"{Path(argv[0]).name} took longer than {timeout:.0f} s") from None
    if done.returncode:
        written = last_of((done.stderr or done.stdout).decode(errors="replace"), 1000)
        raise SandboxFault(f"{Path(argv[0]).name} ended with status {done.returncode}: {written}")
    return done.stdout.decode(errors="replace")


def spawn(argv: Sequence[str], *, log: Path, account: Account | None = None, env: Mapping[str, str] | None = None) -> int:
    """Start a program that outlives this one, in a session of its own; give its process id.

    Raises:
        SandboxFault: it is missing.
    """
    other = _other(account)
    try:
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603 - argv is ours
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd="/",
                env=environment(account, env),
                user=other.uid if other else None,
                group=other.gid if other else None,
                extra_groups=() if other else None,
            )
    except FileNotFoundError:
        raise SandboxFault(f"{argv[0]} is not installed; run `make setup`") from None
    process.returncode = 0  # it is no child to wait for: it outlives us on purpose
    return process.pid


def environment(account: Account | None, more: Mapping[str, str] | None) -> dict[str, str]:
    """Give a small environment for a program of `account`."""
    home = str((account or Account.me()).home)
    return {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": home, **(more or {})}


def birth(pid: int) -> str | None:
    """Tell one process from a later one of the same id: the clock tick it started at; None where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def processes(account: Account, *, naming: str) -> Iterator[tuple[int, str]]:
    """Give id and birth of the account's processes that have an argument which is or ends in `naming`."""
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdecimal() and folder.stat().st_uid == account.uid:
                arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                born = birth(int(folder.name))
                if born is not None and any(argument.endswith(naming) for argument in arguments):
                    yield int(folder.name), born


def end(pid: int, born: str, *, with_signal: signal.Signals) -> None:
    """Send a signal to exactly that process; do nothing where it is gone."""
    if birth(pid) == born:
        os.kill(pid, with_signal)


def _other(account: Account | None) -> Account | None:
    """Give the account where it is not our own: only root can become another."""
    return None if account is None or account.uid == os.geteuid() else account
