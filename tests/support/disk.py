"""Says on what a folder lies, so that a benchmark's figures tell whether anybody waited for a disk."""

from pathlib import Path

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})


def file_system(folder: Path) -> str:
    """Name the kind of file system that a folder lies on (proc_pid_mountinfo(5); the newest mount of a place counts)."""
    place, kind, folder = Path("/"), "unknown", folder.resolve()
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].replace("\\040", " "))
        if folder.is_relative_to(point) and len(point.parts) >= len(place.parts):
            place, kind = point, after.split()[0]
    return f"{kind}, in memory (fsync waits for nothing)" if kind in _IN_MEMORY else kind
