"""Keeps the result of a command on disk until the outcome record stands. Holds no secret: results are scrubbed."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from countersign.adapters.files import sync_folder
from countersign.attestation.record import MAX_RECORD
from countersign.domain.ids import RunId, digest_of
from countersign.domain.outcomes import Fault

LARGEST: Final = 8 * MAX_RECORD
"""Bytes reserved for a result. What grows in it (arguments, grants) stood in its intent, a record; escapes make three of one."""

_HEAD: Final = 100
"""Bytes that the first line has at most: a digest, and how many bytes follow."""


class FileOutbox:
    """One file a run: its blocks are taken before the run begins, so that a disk that has filled up since takes the result.

    It is written in place; a line with the digest of the rest tells a whole result from half of one. A file system that copies on
    write (ZFS, Btrfs with snapshots) cannot promise the blocks: give the outbox another.
    """

    def __init__(self, directory: Path) -> None:
        """Use a private directory, made where it is missing."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory

    def reserve(self, run: RunId, first: Mapping[str, object]) -> None:
        """Take the blocks for the largest result, with `first` in them. What was kept for this run stays, and is as young as now.

        Raises:
            Fault: the disk has no room, or refused.
        """
        try:
            with self._alone(run, os.O_CREAT) as file:
                os.posix_fallocate(file.fileno(), 0, LARGEST)
                if _read(file) is None:
                    file.seek(0)
                    _write(file, first)
                os.utime(file.fileno())
                os.fsync(file.fileno())
            sync_folder(self._directory)
        except OSError as error:
            self.drop(run, None)  # `first` goes, too, where no more than that came in
            self.drop(run, first)
            raise Fault(f"the outbox has no room for what would come of {run}: {error.strerror}") from error

    def put(self, run: RunId, result: Mapping[str, object]) -> None:
        """Keep the result.

        Raises:
            Fault: the disk refused; nothing was kept.
        """
        try:
            with self._alone(run, os.O_CREAT) as file:
                _write(file, result)
            sync_folder(self._directory)
        except OSError as error:
            raise Fault(f"the outbox could not keep the result: {error.strerror}") from error

    def swap(self, run: RunId, old: Mapping[str, object] | None, new: Mapping[str, object]) -> bool:
        """Put `new` where `old` is kept; False where something else is, or no room was made.

        Raises:
            Fault: the disk refused.
        """
        try:
            with self._alone(run) as file:
                if _read(file) != old:
                    return False
                file.seek(0)
                _write(file, new)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Fault(f"the outbox could not keep how far the run is: {error.strerror}") from error
        return True

    def get(self, run: RunId) -> Mapping[str, object] | None:
        """Give what was kept; None where nothing was, or not whole.

        Raises:
            Fault: the disk cannot be read. That is never taken for "nothing was kept".
        """
        try:
            with self._path(run).open("rb") as file:
                return _read(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Fault(f"the outbox cannot be read: {error.strerror}") from error

    def runs(self) -> dict[RunId, datetime]:
        """List the runs that have a file, each with the time at which room was made in it, or something was put into it.

        Raises:
            Fault: the disk cannot be read.
        """
        found: dict[RunId, datetime] = {}
        try:
            for path in sorted(self._directory.iterdir()):
                if not (path.name.startswith("run-") and path.suffix == ".json"):
                    continue
                with suppress(FileNotFoundError):  # its run has ended since the directory was read
                    found[RunId(path.stem)] = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError as error:
            raise Fault(f"the outbox cannot be listed: {error.strerror}") from error
        return found

    def drop(self, run: RunId, kept: Mapping[str, object] | None) -> bool:
        """Forget it where this is kept; False where something else is. What cannot be removed waits until a sweep can."""
        with suppress(OSError):  # such as that there is no file
            with self._alone(run) as file:
                if _read(file) != kept:
                    return False
                self._path(run).unlink()
            sync_folder(self._directory)
        return True

    @contextmanager
    def _alone(self, run: RunId, flags: int = 0) -> Iterator[BinaryIO]:
        """Open a file to read and write, and keep other processes of this runner out until it is closed, or this one is dead."""
        while True:
            with os.fdopen(os.open(self._path(run), os.O_RDWR | flags, 0o600), "r+b") as file:
                # from a descriptor: nothing is cut off, so no block is given back
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file.fileno()).st_nlink:  # else it was dropped while we waited: nobody would find what we write
                    yield file
                    return

    def _path(self, run: RunId) -> Path:
        return self._directory / f"{run}.json"


def _write(file: BinaryIO, document: Mapping[str, object]) -> None:
    body = json.dumps(document, sort_keys=True).encode()
    file.write(f"{digest_of(body)} {len(body)}\n".encode() + body)
    file.flush()
    os.fsync(file.fileno())


def _read(file: BinaryIO) -> Mapping[str, object] | None:
    try:
        document = json.loads(_whole(file))
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _whole(file: BinaryIO) -> bytes:
    """Take a result out of its file, and not the room behind it. Earlier versions wrote it without its digest.

    Raises:
        ValueError: nothing was kept, or only half of it.
    """
    head = file.readline(_HEAD)
    if head.startswith(b"{"):
        return head + file.read()
    digest, _, length = head.decode("ascii").partition(" ")
    body = file.read(min(LARGEST, int(length)))
    if digest_of(body) != digest:
        raise ValueError("not whole")
    return body
