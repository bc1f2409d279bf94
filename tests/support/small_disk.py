"""A disk of its own of a few megabytes, to be filled up for real."""

import subprocess  # noqa: TID251 - `mount` has no other door
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, *, megabytes: int) -> Iterator[Path]:
    """Mount an empty disk at a new folder; skip the test where this process may not mount."""
    place.mkdir()
    mounted = subprocess.run(  # noqa: S603 - argv is ours
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "small-disk", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"this process may not mount a disk of its own: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["/bin/umount", "--lazy", str(place)], check=True)  # noqa: S603 - argv is ours


def fill(disk: Path) -> Path:
    """Write until there is no room for another byte; give the file to delete when there shall be room again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler
