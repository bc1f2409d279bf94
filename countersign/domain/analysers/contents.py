"""Which contents an analysis needs, within which bounds, and both sides of a changed file as text. Fetches nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from countersign.domain.facts import FileChange, Kind, Unclear
from countersign.domain.ids import Sha

LARGEST = 4 * 1024 * 1024
"""Bytes of one side of one file: lock files have some."""

MOST_BYTES = 24 * 1024 * 1024
MOST_FILES = 10_000
_NO_FILE = frozenset({Kind.SYMLINK, Kind.SUBMODULE})


@dataclass(frozen=True, slots=True)
class Sides:
    """A changed file: its text before and after, None where that side is not there."""

    path: str
    old: str | None
    new: str | None


def blobs_of(files: Iterable[FileChange]) -> frozenset[Sha]:
    """Give the blobs of plain files, both sides."""
    return frozenset(
        blob for file in files if not file.kinds & _NO_FILE for blob in (file.old_blob, file.new_blob) if blob is not None
    )


def to_read(files: Iterable[FileChange], sizes: Mapping[Sha, int]) -> frozenset[Sha]:
    """Choose what to read. Either everything that is not too large by itself is read, or nothing: never the first so many."""
    chosen = frozenset(blob for blob in blobs_of(files) if sizes.get(blob, LARGEST + 1) <= LARGEST)
    return chosen if sum(sizes[blob] for blob in chosen) <= MOST_BYTES else frozenset()


def too_much(files: tuple[FileChange, ...]) -> Iterator[Unclear]:
    """Give what makes a whole change too large to be looked into."""
    if len(files) > MOST_FILES:
        yield Unclear(files[0].path, 1, f"a change of more than {MOST_FILES} files is not analysed; split it")


def sides_of(file: FileChange, contents: Mapping[Sha, bytes]) -> Sides | Unclear | None:
    """Give both sides as text, or say why not. None for what never was text: there is nothing to miss in an image or a link."""
    if file.kinds & _NO_FILE:
        return (
            Unclear(file.path, 1, "was a file and is none any more, or the other way") if Kind.MODE_CHANGE in file.kinds else None
        )
    if Kind.BINARY in file.kinds:
        old = None if file.old_blob is None else contents.get(file.old_blob)
        if file.old_blob is None or (old is not None and b"\0" in old):
            return None
        return Unclear(file.path, 1, "was a text file and is none any more, or could not be read")
    texts: list[str | None] = []
    for blob in (file.old_blob, file.new_blob):
        content = None if blob is None else contents.get(blob)
        if blob is not None and content is None:
            return Unclear(file.path, 1, f"is larger than {LARGEST} bytes, or part of a change that is, or could not be read")
        try:
            texts.append(None if content is None else content.decode())
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            return Unclear(file.path, line, "is not UTF-8 text")
    return Sides(file.path, texts[0], texts[1])


def added_lines(sides: Sides) -> Iterator[tuple[int, str]]:
    """Give the lines of the new side that the old one does not hold anywhere, with their numbers."""
    known = frozenset((sides.old or "").split("\n"))
    for number, line in enumerate((sides.new or "").split("\n"), start=1):
        if line not in known:
            yield number, line
