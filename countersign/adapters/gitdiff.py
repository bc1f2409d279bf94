"""Compares two trees by `git diff-tree` and says what happened to each path. Reads no file contents but for line counts.

Nothing in the trees has a say in it: no rename detection, no text conversion, no external diff, no attributes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from countersign.adapters.gitblobs import sizes_of
from countersign.adapters.gitmirror import Mirror
from countersign.domain.facts import FileChange, FileStatus, Kind
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault

BYTES_A_LINE = 32
"""A binary side counts a line for each 32 bytes begun: what cannot be compared is not a change of no lines."""

_ARGS = (
    *("diff-tree", "-r", "-z", "--raw", "--numstat", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv"),
    *("--diff-algorithm=myers", "--ignore-submodules=none", "--no-indent-heuristic", "--no-color"),
)
_RAW = re.compile(rb":([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) ([AMDT])")
_COUNTS = re.compile(rb"(?:(\d+)\t(\d+)|-\t-)\t(.*)", re.DOTALL)
_STATUS = {b"A": FileStatus.ADDED, b"M": FileStatus.MODIFIED, b"D": FileStatus.DELETED, b"T": FileStatus.MODIFIED}
_KINDS = {b"120000": Kind.SYMLINK, b"160000": Kind.SUBMODULE, b"100755": Kind.EXECUTABLE}
_SUBMODULE = b"160000"
_NONE = b"0" * 40


@dataclass(frozen=True, slots=True)
class _Raw:
    modes: tuple[bytes, bytes]
    blobs: tuple[bytes, bytes]
    status: FileStatus

    def files(self) -> Iterable[bytes]:
        """Give the blobs; a submodule's name is a commit's, which is not here."""
        return (blob for mode, blob in zip(self.modes, self.blobs, strict=True) if blob != _NONE and mode != _SUBMODULE)


def compare(mirror: Mirror, base: Sha, tree: Sha) -> tuple[FileChange, ...]:
    """List the paths in which the trees differ, in the order of their bytes.

    Raises:
        GitFault: git failed, answered what is not of its form, or a path is not UTF-8.
    """
    parts = mirror.run([*_ARGS, base, tree]).split(b"\0")[:-1]
    raw = _raw(parts)
    counts = _counts(parts[2 * len(raw) :])
    if counts.keys() != raw.keys():
        raise GitFault("git diff-tree counts lines of other paths than it lists")
    uncounted = {Sha(blob.decode()) for path, entry in raw.items() if counts[path] is None for blob in entry.files()}
    sizes = sizes_of(mirror, uncounted)
    return tuple(_change(path, raw[path], counts[path], sizes) for path in sorted(raw))


def _raw(parts: list[bytes]) -> dict[bytes, _Raw]:
    found: dict[bytes, _Raw] = {}
    for record, path in zip(parts[::2], parts[1::2], strict=False):
        if not record.startswith(b":"):
            break
        entry = _RAW.fullmatch(record)
        if entry is None:
            raise GitFault("git diff-tree answers what is not of its raw form")
        if path in found:
            raise GitFault(f"a tree names the path {path!r} twice")
        found[path] = _Raw((entry[1], entry[2]), (entry[3], entry[4]), _STATUS[entry[5]])
    return found


def _counts(parts: Iterable[bytes]) -> dict[bytes, tuple[int, int] | None]:
    """Read lines added and removed by path; None for a binary file."""
    found: dict[bytes, tuple[int, int] | None] = {}
    for record in parts:
        entry = _COUNTS.fullmatch(record)
        if entry is None:
            raise GitFault("git diff-tree answers what is not of its numstat form")
        found[entry[3]] = None if entry[1] is None else (int(entry[1]), int(entry[2]))
    return found


def _change(path: bytes, raw: _Raw, counts: tuple[int, int] | None, sizes: Mapping[Sha, int]) -> FileChange:
    try:
        name = path.decode()
    except UnicodeDecodeError:
        raise GitFault(f"the change names a path that is not UTF-8: {path!r}") from None
    kinds = {_KINDS[mode] for mode in raw.modes if mode in _KINDS}
    if counts is None:
        kinds.add(Kind.BINARY)
    if raw.status is FileStatus.MODIFIED and raw.modes[0] != raw.modes[1]:
        kinds.add(Kind.MODE_CHANGE)
    old, new = raw.blobs
    if counts is None:
        counts = (0, 0) if old == new else (_as_lines(new, sizes), _as_lines(old, sizes))
    return FileChange(
        path=name,
        status=raw.status,
        old_blob=None if raw.status is FileStatus.ADDED else Sha(old.decode()),
        new_blob=None if raw.status is FileStatus.DELETED else Sha(new.decode()),
        kinds=frozenset(kinds),
        added=counts[0],
        removed=counts[1],
    )


def _as_lines(blob: bytes, sizes: Mapping[Sha, int]) -> int:
    return -(-sizes.get(Sha(blob.decode()), 0) // BYTES_A_LINE)
