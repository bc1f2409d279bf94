"""A small disk of its own, to be filled: a full one answers as real ones do (ENOSPC), wherever the last byte goes."""

import os
import subprocess  # noqa: TID251 - mount and umount
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system in memory."""

    path: Path

    @property
    def free(self) -> int:
        """Count the bytes that are left."""
        told = os.statvfs(self.path)
        return told.f_bavail * told.f_frsize

    def fill(self) -> Path:
        """Write until there is no room for another byte; give the file to delete when there shall be room again."""
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, _BLOCK, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
        return filler

    @contextmanager
    def filled(self, *, but: int) -> Iterator[None]:
        """Leave so many blocks free while it lasts."""
        ballast = self.path / "ballast"
        ballast.write_bytes(bytes(max(0, self.free - but * _BLOCK)))
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def disk(path: Path, *, size: int) -> Iterator[Disk]:
    """Mount one of so many bytes; skip the test where this machine does not let us."""
    path.mkdir()
    done = subprocess.run(  # noqa: S603 - our own words
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(path)],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"a full disk needs one that can be filled, and mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)  # noqa: S603, S607 - as above
