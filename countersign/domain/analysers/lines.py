"""Lines that stood in a file and are gone: what a rule's `removes` asks for. Reads no language; knows blocks when it sees them.

A line is the same where text and surrounding are the same: the lines above that it is indented under, the brackets that are open
around it, and the string that it stands in. So moving a block keeps its lines, and moving `prevent_destroy = true` into another
block removes it. Comments and blanks do not count: a line that becomes a comment is gone.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from countersign.domain.analysers.contents import Sides
from countersign.domain.analysers.line_readers import line_reader
from countersign.domain.facts import Removed

_HERE = re.compile(r"<<[-~]?\s*([A-Za-z_]\w{0,60})\s*")
_BLANKS = re.compile(r"[ \t\r]+")
"""A blank of another alphabet is none to the languages that are meant here."""

_TIGHT = re.compile(r" ?([=:,{}\[\]()]) ?")
_OPEN, _CLOSE = "{[(", "}])"


def tight(text: str) -> str:
    """Write a line without the blanks that languages do not care for: `a = true` and `a=true` are one."""
    return _TIGHT.sub(r"\1", _BLANKS.sub(" ", text).strip(" "))


class _Line(NamedTuple):
    braces: int
    indents: int
    quoted: int
    text: str


def removed(sides: Sides) -> Iterator[Removed]:
    """Give each line of the old side that the new one does not hold in the same surrounding."""
    if sides.old is None:
        return
    places: dict[tuple[int, str], int] = {}
    left = Counter(line for _, _, line in _lines(sides.path, sides.new or "", places))
    for number, said, line in _lines(sides.path, sides.old, places):
        if left[line] > 0:
            left[line] -= 1
        else:
            yield Removed(sides.path, number, said)


def _lines(path: str, text: str, places: dict[tuple[int, str], int]) -> Iterator[tuple[int, str, _Line]]:
    """Give each line that says something, what it says, and where. `places` numbers the surroundings, for both sides alike."""
    reader = line_reader(path)
    quoted = 0
    braces: list[int] = [0]
    indents: list[tuple[int, int]] = []
    ending: str | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        if ending is not None:
            yield number, raw.strip(" \t\r"), _Line(braces[-1], -1, quoted, raw)
            if raw.strip() == ending:
                ending = None
                braces.pop()
            continue
        within, said = quoted, _BLANKS.sub(" ", reader.strip(raw)).strip(" ")
        quoted = 0 if not reader.open else within or _number(places, 0, said)
        if not said:
            continue
        shown = raw.expandtabs()
        column = len(shown) - len(shown.lstrip(" "))
        while indents and indents[-1][0] >= column:
            indents.pop()
        bare = said.lstrip(_CLOSE)
        del braces[max(1, len(braces) - (len(said) - len(bare))) :]
        above = indents[-1][1] if indents else 0
        yield number, said, _Line(braces[-1], above, within, tight(said))
        indents.append((column, _number(places, above, said)))
        opened = sum(map(bare.count, _OPEN)) - sum(map(bare.count, _CLOSE))
        if opened < 0:
            del braces[max(1, len(braces) + opened) :]
        braces.extend(_number(places, braces[-1], said) for _ in range(min(opened, 100)))
        here = next(_HERE.finditer(said), None)
        if here is not None and said.endswith(here[0].strip()):
            ending = here[1]
            braces.append(_number(places, braces[-1], said))


def _number(places: dict[tuple[int, str], int], above: int, text: str) -> int:
    return places.setdefault((above, text), len(places) + 1)
