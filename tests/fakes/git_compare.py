"""Compares two trees as `git diff-tree` does: kinds, statuses, lines of the smallest edit."""

from collections.abc import Mapping

from countersign.adapters.gitdiff import BYTES_A_LINE
from countersign.domain.facts import FileChange, FileStatus, Kind
from tests.fakes.git_objects import EXECUTABLE, SUBMODULE, SYMLINK, File

Tree = Mapping[str, File]
_NOTHING = File(b"")
_KIND_OF_MODE = {SYMLINK: Kind.SYMLINK, SUBMODULE: Kind.SUBMODULE, EXECUTABLE: Kind.EXECUTABLE}


def differing(old: Tree, new: Tree) -> list[str]:
    """List the paths in which two trees differ, in the order of their bytes."""
    return sorted((path for path in {*old, *new} if old.get(path) != new.get(path)), key=str.encode)


def compared(path: str, old: File | None, new: File | None) -> FileChange:
    """Say what happened to one path."""
    there = [side for side in (old, new) if side is not None]
    kinds = {kind for side in there for mode, kind in _KIND_OF_MODE.items() if side.mode == mode}
    binary = any(side.binary for side in there)
    if binary:
        kinds.add(Kind.BINARY)
    if old and new and old.mode != new.mode:
        kinds.add(Kind.MODE_CHANGE)
    sides = ((old or _NOTHING).text, (new or _NOTHING).text)
    if binary and sides[0] != sides[1]:
        removed, added = (-(-len(side) // BYTES_A_LINE) for side in sides)
    else:
        added, removed = changed_lines(*sides)
    return FileChange(
        path=path,
        status=FileStatus.ADDED if old is None else FileStatus.DELETED if new is None else FileStatus.MODIFIED,
        old_blob=old.name if old else None,
        new_blob=new.name if new else None,
        kinds=frozenset(kinds),
        added=added,
        removed=removed,
    )


def changed_lines(old: bytes, new: bytes) -> tuple[int, int]:
    """Count lines added and removed by the smallest edit."""
    before, after = _lines(old), _lines(new)
    common = [0] * (len(after) + 1)
    for line in before:
        diagonal = 0
        for place, other in enumerate(after, start=1):
            diagonal, common[place] = common[place], diagonal + 1 if line == other else max(common[place], common[place - 1])
    return len(after) - common[-1], len(before) - common[-1]


def _lines(data: bytes) -> list[bytes]:
    """Split at newlines alone, each kept with its line: a last line without one differs from the same with one."""
    return [line + b"\n" for line in data.split(b"\n")[:-1]] + [line for line in data.split(b"\n")[-1:] if line]
