"""The parts of a unified diff, and the error that says which part is wrong. Does not read text and applies nothing."""

from dataclasses import dataclass
from enum import StrEnum

from countersign.domain.ids import MalformedError

_SHOWN = 200


class PatchError(MalformedError):
    """The diff cannot be used. `hunk` counts from 1 within its file, `line` is a line of the diff, counted from 1."""

    def __init__(self, why: str, *, file: str | None = None, hunk: int | None = None, line: int | None = None) -> None:
        """Say why and where; the text is safe to show to whoever sent the diff."""
        self.why = why
        self.file = None if file is None else file[:_SHOWN]
        self.hunk = hunk
        self.line = line
        places = [] if self.file is None else [repr(self.file)]
        places += [] if hunk is None else [f"hunk {hunk}"]
        places += [] if line is None else [f"line {line} of the diff"]
        super().__init__(f"{', '.join(places)}: {why}" if places else why)


class Mode(StrEnum):
    """The kinds of file that a diff may make or touch."""

    REGULAR = "100644"
    EXECUTABLE = "100755"


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand in the old file, to the letter, and what takes their place.

    `line` is where it begins in the diff; `start` is the number of lines of the old file before it.
    """

    number: int
    line: int
    start: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FilePatch:
    """What the diff does to one file. `old` is None for a new file, `new` for a deleted one; they differ in a rename.

    `old_mode` is what the diff says of the base, where it says so; `new_mode` None leaves the mode as it is.
    """

    line: int
    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]
    old_mode: Mode | None = None
    new_mode: Mode | None = None

    @property
    def path(self) -> str:
        """Give the path by which people know the file."""
        return self.new or self.old or ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a diff may hold: bytes of it, files, hunks; and how many bytes a file may have before and after."""

    size: int = 1024 * 1024
    files: int = 500
    hunks: int = 5000
    file_size: int = 8 * 1024 * 1024


USUAL = Bounds()
"""What a proposal may hold."""
