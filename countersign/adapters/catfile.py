"""Reads git objects one by one from one running `git cat-file --batch`: some twenty times faster than a process for each.

Gives what git gives; whether the bytes are those that the name promises is for the reader to compute. Not for several threads.
"""

import os
import select
import subprocess  # noqa: TID251 - the type of what gitcmd starts
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


class CatFile:
    """Objects of one repository. Use it as a context, or `close` it. Never fetches anything."""

    def __init__(self, directory: Path, *, limit: int = _LIMIT, timeout: float = _SECONDS) -> None:
        """Read from the repository at this directory; `limit` is in bytes an object, `timeout` in seconds an object."""
        self._directory = directory
        self._limit = limit
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

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
        self._process, self._buffer = None, b""

    def read(self, name: Sha) -> tuple[str, bytes] | None:
        """Give an object's kind and bytes; None where it is missing, corrupt or too large.

        Raises:
            GitFault: git cannot be started here, or does not answer in time.
        """
        if self._process is None:
            self._process = open_git(
                ["cat-file", "--batch"],
                cwd=self._directory,
                env_extra={"GIT_ALLOW_PROTOCOL": "none"},
                config=OFFLINE,
            )
        deadline = monotonic() + self._timeout
        try:
            return self._ask(self._process, name, deadline)
        except _EndedError:  # git gives up on a corrupt object; the next one may be well
            self.close()
            return None
        except BaseException:
            self.close()  # an answer may still be under way; it must not be taken for the next one's
            raise

    def _ask(self, process: subprocess.Popen[bytes], name: Sha, deadline: float) -> tuple[str, bytes] | None:
        if process.stdin is None or process.stdout is None:
            raise GitFault("git cat-file has no pipes")
        try:
            process.stdin.write(f"{name}\n".encode())
            process.stdin.flush()
        except OSError:
            raise _EndedError from None
        header = self._until_newline(process.stdout.fileno(), deadline).split()
        if len(header) != _HEADER_WORDS or not header[2].isdigit():
            return None  # `<name> missing`
        size = int(header[2])
        if size > self._limit:
            self.close()
            return None
        return header[1].decode(), self._exactly(process.stdout.fileno(), size + 1, deadline)[:-1]

    def _until_newline(self, descriptor: int, deadline: float) -> bytes:
        while b"\n" not in self._buffer:
            self._buffer += self._more(descriptor, deadline)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _exactly(self, descriptor: int, count: int, deadline: float) -> bytes:
        parts, have = [self._buffer], len(self._buffer)
        while have < count:
            parts.append(self._more(descriptor, deadline))
            have += len(parts[-1])
        whole = b"".join(parts)
        self._buffer = whole[count:]
        return whole[:count]

    def _more(self, descriptor: int, deadline: float) -> bytes:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - monotonic()))
        if not ready:
            raise GitFault(f"git cat-file did not answer within {self._timeout:g} s")
        data = os.read(descriptor, _CHUNK)
        if not data:
            raise _EndedError
        return data


class _EndedError(Exception):
    """git ended instead of answering."""
