r"""Finds private keys that are written as blocks (PEM, PGP, PuTTY): in diffs, with escaped newlines, and cut off at either end.

A block without its last line ends where its lines end to look like a key's; one without its first begins where they begin to.
Public keys and certificates stay.
"""

import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import Rule
from countersign.domain.tokens.view import View

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-Lines: [0-9]{1,4}")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BREAK = re.compile(r"(?:\\{1,4}[rn])+|[\r\n]+")
_LINE = re.compile(
    r"[\s+\-<>|#*\"',]{0,24}(?:[A-Za-z0-9+/]{0,100}={0,3}"
    r"|(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): [^\n]{1,80})[\s\"',\\+)]{0,12}"
)
_FULL = 40
"""A line of a key has at least so many characters, but for its last."""
_LONGEST = 1 << 15
_PUTTY = "P"


def _blocks(view: View) -> Iterator[tuple[int, int]]:
    text, done = view.text, 0
    if "PRIVATE KEY" not in text and "Private-Lines" not in text:
        return
    begins = list(_BEGIN.finditer(text))
    ends = list(_END.finditer(text))
    upcoming = 0
    for number, begin in enumerate(begins):
        after = begins[number + 1].start() if number + 1 < len(begins) else len(text)
        while upcoming < len(ends) and ends[upcoming].start() < begin.end():
            yield _without_beginning(text, ends[upcoming], done)
            done = ends[upcoming].end()
            upcoming += 1
        last = ends[upcoming] if upcoming < len(ends) else None
        if last is not None and last.start() <= min(after, begin.end() + _LONGEST) and begin[0][0] != _PUTTY:
            done = last.end()
            upcoming += 1
        else:
            done = _key_lines(text, begin.end(), after)
        yield begin.start(), done
    for end in ends[upcoming:]:
        yield _without_beginning(text, end, done)
        done = end.end()


def _key_lines(text: str, start: int, stop: int) -> int:
    """Give where lines end to look like those of a key. What follows the last full line is its last."""
    position, stop = start, min(stop, start + _LONGEST)
    while position < stop:
        cut = next(_BREAK.finditer(text, position, stop), None)
        line_end = stop if cut is None else cut.start()
        line = text[position:line_end]
        if not _LINE.fullmatch(line):
            break
        position = stop if cut is None else cut.end()
        if 0 < _weight(line) < _FULL:
            break
    return position


def _without_beginning(text: str, end: re.Match[str], done: int) -> tuple[int, int]:
    """Give a block whose first lines are missing: walk back from its last."""
    start = first = max(done, end.start() - _LONGEST)
    starts = [first, *(cut.end() for cut in _BREAK.finditer(text, first, end.start()))]
    lines = [(line_start, _after(text, line_start, end.start())) for line_start in starts]
    position = end.start()
    for number, (line_start, line_end) in enumerate(reversed(lines)):
        line = text[line_start:line_end]
        short = _weight(line) < _FULL and number > 1
        if not _LINE.fullmatch(line) or (short and line_start > start):
            break
        position = line_start
    return position, end.end()


def _after(text: str, start: int, stop: int) -> int:
    cut = next(_BREAK.finditer(text, start, stop), None)
    return stop if cut is None else cut.start()


def _weight(line: str) -> int:
    return len(line.strip(" \t+-<>|#*\"',\\"))


def _normal(value: str) -> str:
    """Give the characters of the key alone, so that a diff, JSON and a file with the same key have the same token."""
    lines = _BREAK.split(value)
    return "".join(line.strip(" \t+-<>|#*\"',\\") for line in lines)


RULES = (
    Rule(
        "key blocks",
        ValueClass.SECRET,
        _blocks,
        (_BEGIN.pattern, _END.pattern, _BREAK.pattern, _LINE.pattern, str(_FULL), str(_LONGEST)),
        _normal,
    ),
)
