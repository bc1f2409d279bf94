"""What can be counted in a file before a parser, which is slow, sees it: size, lines, documents, brackets, separators.

Every bound lies far above what a policy that loads can hold, so that none is refused here; lines of comment are not counted.
What these bounds let through costs the parser no more than a policy of some hundred rules does.
"""

import re
from collections.abc import Iterator

LARGEST = 256 * 1024
MOST_PARTS = 12_000
_MOST_LINES = 5000
_LONGEST_LINE = 8192
_MOST_OPEN = 200
"""Brackets that one line opens and does not close. Levels end at twenty; a text of a thousand characters may hold some more."""

_COMMENT = re.compile(rb"^[ \t]*#[^\n]*", re.MULTILINE)
_SEPARATOR = re.compile(rb",|[:-](?=\s)")
_DOCUMENT = re.compile(rb"^(?:---|\.\.\.)(?=\s|$)", re.MULTILINE)
_LONG = re.compile(rb"[^\n]{%d}" % (_LONGEST_LINE + 1))


def objections(data: bytes) -> Iterator[tuple[int, str]]:
    """Give what is too much, each with the byte where it becomes so."""
    if len(data) > LARGEST:
        yield 0, f"at most {LARGEST} bytes"
        return
    if data.count(b"\n") > _MOST_LINES:
        yield _nth(re.compile(rb"\n"), data, _MOST_LINES) + 1, f"at most {_MOST_LINES} lines"
    if (marks := [mark.start() for mark in _DOCUMENT.finditer(data)])[2:]:
        yield marks[2], "one document"
    bare = _COMMENT.sub(lambda found: b" " * len(found[0]), data)
    if (long := _LONG.search(bare)) is not None:
        yield long.start(), f"at most {_LONGEST_LINE} bytes in a line"
    if bare.count(b",") + bare.count(b":") + bare.count(b"-") > MOST_PARTS and len(_SEPARATOR.findall(bare)) > MOST_PARTS:
        yield _nth(_SEPARATOR, bare, MOST_PARTS), f"at most {MOST_PARTS} keys and values"
    if bare.count(b"[") + bare.count(b"{") > _MOST_OPEN:
        yield from _brackets(bare)


def _brackets(data: bytes) -> Iterator[tuple[int, str]]:
    start = 0
    for line in data.split(b"\n"):
        if line.count(b"[") + line.count(b"{") - line.count(b"]") - line.count(b"}") > _MOST_OPEN:
            yield start, f"no line that leaves more than {_MOST_OPEN} brackets open"
            return
        start += len(line) + 1


def _nth(pattern: re.Pattern[bytes], data: bytes, number: int) -> int:
    """Give where the pattern is met for the time after `number` times."""
    return next(found.start() for count, found in enumerate(pattern.finditer(data)) if count == number)
