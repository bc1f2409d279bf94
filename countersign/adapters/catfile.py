"""Reads git objects one by one from one running `git cat-file --batch`: some twenty times faster than a process for each.

Gives what git gives; whether the bytes are those that the name promises is for the reader to compute. Not for several threads.
"""

import os
import select
import subprocess  # noqa: TID251 - the type of what gitcmd starts
from collections.abc import Generator, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from countersign.adapters.gitcmd import OFFLINE, kill, open_git
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault

_LIMIT = 8 * 1024 * 1024
"""Bytes; more than any object of an audit branch has any use for."""

_SECONDS = 20.0
_CHUNK = 1 << 16
_HEADER_WORDS = 3
_AT_ONCE = 60
"""Names; the smallest pipe (4 KiB, pipe(7)) takes so many before git, which may be waiting for us to read, has read one."""

_FAST = {"core.deltaBaseCacheLimit": "256m"}
"""A clone keeps records as differences from one another; with git's 96 MB it computes many of them twice."""

Found = tuple[str, bytes] | None
"""An object's kind and bytes; None where it is missing, corrupt or too large."""


class CatFile:
    """Objects of one repository. Use it as a context, or `close` it. Never fetches anything."""

    def __init__(self, directory: Path, *, limit: int = _LIMIT, timeout: float = _SECONDS) -> None:
        """Read from the repository at this directory; `limit` is in bytes an object, `timeout` in seconds an object."""
        self._directory = directory
        self._limit = limit
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer, self._at = b"", 0
        self._asked = False

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """End the process. The next read starts another."""
        if self._process is not None:
            kill(self._process)
        self._process, self._buffer, self._at = None, b"", 0

    def read(self, name: Sha) -> Found:
        """Give one object.

        Raises:
            GitFault: git cannot be started here, or does not answer in time.
        """
        [found] = self.each([name])
        return found

    def each(self, names: Sequence[Sha]) -> Generator[Found, None, None]:
        """Give objects in the order asked, twice as fast as one by one. Read to the end, or git is started anew next time.

        Raises:
            GitFault: as `read` says.
        """
        at = 0
        while at < len(names):
            for found in self._answers(names[at : at + _AT_ONCE]):
                at += 1
                yield found

    def _answers(self, names: Sequence[Sha]) -> Generator[Found, None, None]:
        """Give objects up to the first at which git ends, or is ended: it gives up on a corrupt one; the next may be well."""
        if self._asked:  # the answers under way are somebody else's
            raise RuntimeError("what was asked for before is not read to its end")
        self._asked, whole = True, False
        try:
            output = self._ask(names)
            for _ in names:
                yield self._answer(output, monotonic() + self._timeout)
            whole = True
        except _EndedError:
            yield None
        finally:
            self._asked = False
            if not whole:
                self.close()  # an answer may still be under way; it must not be taken for the next one's

    def _ask(self, names: Sequence[Sha]) -> int:
        """Write names to git, and give the descriptor to read the answers from."""
        if self._process is None:
            self._process = open_git(
                ["cat-file", "--batch"],
                cwd=self._directory,
                env_extra={"GIT_ALLOW_PROTOCOL": "none"},
                config=OFFLINE | _FAST,
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise GitFault("git cat-file has no pipes")
        try:
            self._process.stdin.write("".join(f"{name}\n" for name in names).encode())
            self._process.stdin.flush()
        except OSError:
            raise _EndedError from None
        return self._process.stdout.fileno()

    def _answer(self, output: int, deadline: float) -> Found:
        end = self._buffer.find(b"\n", self._at)
        while end < 0:
            self._read_more(output, deadline)
            end = self._buffer.find(b"\n", self._at)
        header, self._at = self._buffer[self._at : end].split(), end + 1
        if len(header) != _HEADER_WORDS or not header[2].isdigit():
            return None  # `<name> missing`
        size = int(header[2])
        if size > self._limit:
            raise _EndedError
        while len(self._buffer) - self._at < size + 1:
            self._read_more(output, deadline)
        data = self._buffer[self._at : self._at + size]
        self._at += size + 1
        return header[1].decode(), data

    def _read_more(self, descriptor: int, deadline: float) -> None:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - monotonic()))
        if not ready:
            raise GitFault(f"git cat-file did not answer within {self._timeout:g} s")
        data = os.read(descriptor, _CHUNK)
        if not data:
            raise _EndedError
        self._buffer, self._at = self._buffer[self._at :] + data, 0


class _EndedError(Exception):
    """git ended instead of answering, or must end."""
