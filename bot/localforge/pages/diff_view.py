"""Diffs, line by line, as pages show them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.localforge.diffs import FileDiff

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)", re.DOTALL)
_MOST_LINES = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a diff. `kind` is `add`, `del`, `same`, `hunk` or `note`; a number is 0 where the line is not in that file."""

    kind: str
    old: int
    new: int
    text: str


@dataclass(frozen=True, slots=True)
class FileView:
    """One file of a diff. `cut` says that not all lines are shown."""

    diff: FileDiff
    lines: tuple[Line, ...]
    added: int
    gone: int
    cut: bool

    @property
    def what(self) -> str:
        """Say in a word what happened to the file."""
        if self.diff.new:
            return "new file"
        if self.diff.deleted:
            return "deleted"
        if self.diff.renamed:
            return "renamed"
        return "" if self.diff.old_mode == self.diff.new_mode else f"mode {self.diff.old_mode} → {self.diff.new_mode}"


def view(diffs: Sequence[FileDiff]) -> list[FileView]:
    """Give the files of a diff."""
    return [_file(diff) for diff in diffs]


def _file(diff: FileDiff) -> FileView:
    lines: list[Line] = []
    old = new = 0
    texts = diff.text.split("\n")
    for text in texts[:-1] if texts[-1] == "" else texts:
        mark, rest = text[:1], text[1:]
        if hunk := _HUNK.fullmatch(text):
            old, new = int(hunk[1]), int(hunk[2])
            lines.append(Line("hunk", 0, 0, text))
        elif mark == "+":
            lines.append(Line("add", 0, new, rest))
            new += 1
        elif mark == "-":
            lines.append(Line("del", old, 0, rest))
            old += 1
        elif mark == " ":
            lines.append(Line("same", old, new, rest))
            old, new = old + 1, new + 1
        else:
            lines.append(Line("note", 0, 0, text.removeprefix("\\ ")))
    kinds = [line.kind for line in lines]
    return FileView(diff, tuple(lines[:_MOST_LINES]), kinds.count("add"), kinds.count("del"), len(lines) > _MOST_LINES)
