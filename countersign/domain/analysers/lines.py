"""Lines that stood in a file and are gone: what a rule's `removes` asks for. Reads no language; knows blocks when it sees them.

A line is the same where text and surrounding are the same: the lines above that it is indented under, and the brackets that are
open around it. So moving a block keeps its lines, and moving `prevent_destroy = true` into another block removes it. Comments
and blanks do not count: a line that becomes a comment is gone.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from countersign.domain.analysers.contents import Sides
from countersign.domain.facts import Removed

_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//|--\s).*")
_HERE = re.compile(r"<<[-~]?\s*([A-Za-z_]\w{0,60})\s*")
_HCL = (".tf", ".tofu", ".hcl", ".tfvars")
_MARK = re.compile(r'"(?:[^"\\]|\\.)*(?P<end>"|$)|/\*|#|//')
"""What can begin a comment in HCL, and the strings in which it begins none. One that is not closed takes the line, so that
nothing is searched twice.
"""

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
    comments = _Comments(path)
    braces: list[int] = [0]
    indents: list[tuple[int, int]] = []
    ending: str | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        if ending is not None:
            yield number, raw.strip(" \t\r"), _Line(braces[-1], -1, raw)
            if raw.strip() == ending:
                ending = None
                braces.pop()
            continue
        said = _BLANKS.sub(" ", comments.strip(raw)).strip(" ")
        if not said:
            continue
        shown = raw.expandtabs()
        column = len(shown) - len(shown.lstrip(" "))
        while indents and indents[-1][0] >= column:
            indents.pop()
        bare = said.lstrip(_CLOSE)
        del braces[max(1, len(braces) - (len(said) - len(bare))) :]
        above = indents[-1][1] if indents else 0
        yield number, said, _Line(braces[-1], above, tight(said))
        indents.append((column, _number(places, above, said)))
        opened = sum(map(bare.count, _OPEN)) - sum(map(bare.count, _CLOSE))
        if opened < 0:
            del braces[max(1, len(braces) + opened) :]
        braces.extend(_number(places, braces[-1], said) for _ in range(min(opened, 100)))
        if comments.torn:  # an expression in a string goes on, and what follows may stand in a comment there
            braces.append(_number(places, braces[-1], said))
        here = next(_HERE.finditer(said), None)
        if here is not None and said.endswith(here[0].strip()):
            ending = here[1]
            braces.append(_number(places, braces[-1], said))


def _number(places: dict[tuple[int, str], int], above: int, text: str) -> int:
    return places.setdefault((above, text), len(places) + 1)


class _Comments:
    """Takes comments out, line by line; remembers a block comment of HCL that is open.

    `torn` says that the last line ended within a string, which in HCL only an expression in it can do.
    """

    def __init__(self, path: str) -> None:
        """Choose by the kind of file."""
        self._hcl = path.lower().endswith(_HCL)
        self._inside = False
        self.torn = False

    def strip(self, line: str) -> str:
        """Give the line without its comments."""
        if not self._hcl:
            return _COMMENT.sub("", line)
        kept: list[str] = []
        position, self.torn = 0, False
        while position < len(line):
            if self._inside:
                end = line.find("*/", position)
                self._inside = end < 0
                position = len(line) if self._inside else end + 2
                continue
            begin = position
            mark = _MARK.search(line, position)
            while mark is not None and mark[0].startswith('"'):
                self.torn = not mark["end"]
                mark = _MARK.search(line, mark.end())
            kept.append(line[begin : len(line) if mark is None else mark.start()])
            self._inside = mark is not None and mark[0] == "/*"
            position = mark.end() if mark is not None and self._inside else len(line)
        return "".join(kept)
