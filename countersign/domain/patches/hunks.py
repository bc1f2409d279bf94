"""Reads hunks: `@@ -l,n +l,n @@` and exactly as many lines as that says. Does not look at the file they are for."""

import re

from countersign.domain.patches.cursor import Cursor
from countersign.domain.patches.model import Hunk

_HEADER = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: .*)?")
_SIDES = {b" ": (True, True), b"-": (True, False), b"+": (False, True), b"": (True, True)}
"""By a line's first byte: does it stand in the old file, in the new? An empty line is a blank that lost its marker."""


def read_hunks(cursor: Cursor, file: str) -> tuple[Hunk, ...]:
    """Read the hunks of one file.

    Raises:
        PatchError: a header or a line is not of its form, or there are more or fewer lines than the header says.
    """
    hunks: list[Hunk] = []
    while cursor.line is not None and cursor.line.startswith(b"@@"):
        hunks.append(_read(cursor, file, len(hunks) + 1))
    return tuple(hunks)


def _read(cursor: Cursor, file: str, number: int) -> Hunk:
    header = _HEADER.fullmatch(cursor.line or b"")
    if header is None:
        raise cursor.error("the header of the hunk is not of the form @@ -l,n +l,n @@", file=file, hunk=number)
    old_line, old_count, new_count = int(header[1]), int(header[2] or 1), int(header[4] or 1)
    if old_count and not old_line:
        raise cursor.error("lines are counted from 1", file=file, hunk=number)
    first = cursor.number
    cursor.step()
    old: list[bytes] = []
    new: list[bytes] = []
    changed = False
    while len(old) < old_count or len(new) < new_count:
        line = cursor.line
        if line is None:
            raise cursor.error("the diff ends before the hunk does", file=file, hunk=number)
        in_old, in_new = _SIDES.get(line[:1], (False, False))
        if not in_old and not in_new:
            raise cursor.error("a line of a hunk begins with a blank, + or -", file=file, hunk=number)
        if in_old:
            old.append(line[1:] + b"\n")
        if in_new:
            new.append(line[1:] + b"\n")
        changed = changed or in_old is not in_new
        if len(old) > old_count or len(new) > new_count:
            raise cursor.error("the hunk has other lines than its header counts", file=file, hunk=number)
        cursor.step()
        _no_newline(cursor, old if in_old else None, new if in_new else None)
    if not changed:
        raise cursor.error("the hunk changes nothing", file=file, hunk=number)
    return Hunk(number, first, old_line - 1 if old_count else old_line, tuple(old), tuple(new))


def _no_newline(cursor: Cursor, *sides: list[bytes] | None) -> None:
    """Take the newline off the line just read where the diff says that the file has none there."""
    if cursor.peek(b"\\ ") is None:
        return
    cursor.step()
    for side in sides:
        if side is not None:
            side[-1] = side[-1].removesuffix(b"\n")
