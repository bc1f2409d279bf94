"""A text as the rules look at it: what is protected and what colours are blanked out, and a copy in lower case has the same places.

Gives the parts of a text in which a cue stands, so that slow patterns look at little. Finds nothing itself.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

from countersign.domain.tokens.colours import blanked
from countersign.domain.tokens.placeholder import placeholders

HOLE = "\0"
"""Stands for every character of a placeholder: no rule takes it for part of a name, a number or an address."""

_FAR = 512
"""A part is at least this long where there is more text: many short ones would cost more than they save."""


@dataclass(frozen=True, slots=True)
class View:
    """What rules look at. All three texts have the same length; `raw` still has its placeholders."""

    raw: str
    text: str
    low: str

    @classmethod
    def of(cls, raw: str) -> "View":
        """Blank out the placeholders that are valid, and then what colours a terminal."""
        parts, position = [], 0
        for start, end in placeholders(raw):
            parts += [raw[position:start], HOLE * (end - start)]
            position = end
        text = blanked("".join([*parts, raw[position:]]))
        low = text.lower()
        if len(low) != len(text):  # one letter of Unicode has a lower case of two characters
            low = text.replace("\u0130", "i").lower()
        return cls(raw, text, low)


def parts(low: str, *cues: str) -> Iterator[tuple[int, int]]:
    """Give the parts of a text that hold a cue: whole lines, in their order, each part once."""
    found = {cue: at for cue in cues if (at := low.find(cue)) >= 0}
    position = 0
    while found:
        at = min(found.values())
        start = low.rfind("\n", position, at) + 1 or position
        end = low.find("\n", at + _FAR)
        end = len(low) if end < 0 else end
        yield start, end
        position = end
        for cue, place in list(found.items()):
            if place < end:
                again = low.find(cue, end)
                if again < 0:
                    del found[cue]
                else:
                    found[cue] = again


def gaps(start: int, end: int, holes: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give what of a place is not within the holes, which are in order and apart."""
    first, last = bisect_right(holes, start, key=itemgetter(1)), bisect_left(holes, end, key=itemgetter(0))
    edges = [start, *(edge for hole in holes[first:last] for edge in hole), end]
    for number, (left, right) in enumerate(pairwise(edges)):
        if number % 2 == 0 and left < right:
            yield left, right
