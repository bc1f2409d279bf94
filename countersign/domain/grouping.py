"""The files of a change by what the policy makes of them: those that nothing in it tells apart are one group. Judges nothing.

A change has many files and few groups, so what is asked of groups costs the same for ten files and ten thousand.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from countersign.domain.facts import FileChange, Kind


@dataclass(frozen=True, slots=True)
class Group:
    """Files of the same parts, by number, and of the same kinds. `files` are in order of their paths and never none."""

    parts: tuple[int, ...]
    kinds: frozenset[Kind]
    files: Sequence[FileChange]

    @property
    def first(self) -> str:
        """Give the first path."""
        return self.files[0].path


def in_order(files: Sequence[FileChange]) -> tuple[Sequence[FileChange], list[str]]:
    """Give the files in order of their paths, as they come from git, and the paths alone."""
    paths = [file.path for file in files]
    ordered = sorted(paths)
    return (files if paths == ordered else sorted(files, key=lambda file: file.path)), ordered


def groups(files: Sequence[FileChange], meant: Iterable[tuple[int, ...]]) -> list[Group]:
    """Put the files together; they are in order, and each has its parts in `meant`."""
    plain: defaultdict[tuple[int, ...], list[FileChange]] = defaultdict(list)
    special: defaultdict[tuple[tuple[int, ...], frozenset[Kind]], list[FileChange]] = defaultdict(list)
    for file, parts in zip(files, meant, strict=True):
        if file.kinds:
            special[parts, file.kinds].append(file)
        else:
            plain[parts].append(file)
    return [
        *(Group(parts, frozenset(), found) for parts, found in plain.items()),
        *(Group(parts, kinds, found) for (parts, kinds), found in special.items()),
    ]


def first(found: Iterable[Group]) -> str | None:
    """Give the first path of several groups; None where there is no group."""
    return min((group.first for group in found), default=None)


def count(found: Iterable[Group]) -> int:
    """Count the files of several groups."""
    return sum(len(group.files) for group in found)


def merged(found: Iterable[Group]) -> tuple[FileChange, ...]:
    """Give the files of several groups in order of their paths."""
    return tuple(sorted((file for group in found for file in group.files), key=lambda file: file.path))
