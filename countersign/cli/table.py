"""Tables and colour for people: columns that line up, colour only where a terminal shows it. Says nothing of its own.

Programs are given JSON or CSV instead.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TextIO

from countersign.domain.neutral import line

_NARROWEST = 8
_GAP = "  "
_UNBOUND = 10_000


class Style(StrEnum):
    """How a word looks, as the terminal names it."""

    PLAIN = ""
    GOOD = "32"
    BAD = "31"
    CARE = "33"
    STRONG = "1"
    FAINT = "2"


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and how it looks."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Brush:
    """Paints where colour is wanted."""

    colour: bool

    @classmethod
    def of(cls, stream: TextIO) -> Self:
        """Paint on a terminal that can, unless the user says no (https://no-color.org)."""
        words = os.environ  # noqa: TID251 - the two variables that every terminal program asks for
        return cls(stream.isatty() and not words.get("NO_COLOR") and words.get("TERM") != "dumb")

    def paint(self, text: str, style: Style) -> str:
        """Give the text, painted."""
        return f"\x1b[{style.value}m{text}\x1b[0m" if self.colour and style and text else text

    def table(self, rows: Iterable[Sequence[Cell | str]], *, indent: str = "") -> Iterator[str]:
        """Give a line for each row; every column but the last is as wide as its widest cell. Rows have the same length."""
        cells = [[Cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
        widths = [max(len(row[column].text) for row in cells) for column in range(len(cells[0]) - 1)] if cells else []
        for row in cells:
            padded = (
                self.paint(cell.text, cell.style) + " " * (width - len(cell.text)) for cell, width in zip(row, widths, strict=False)
            )
            yield (indent + _GAP.join((*padded, self.paint(row[-1].text, row[-1].style)))).rstrip()


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None) -> str:
    """Write rows under headers, without anything that a terminal would obey.

    The last column is cut where a line would be wider than `width` (None: as wide as need be).
    """
    if not rows:
        return ""
    shown = [[header.upper() for header in headers], *([line(cell) for cell in row] for row in rows)]
    taken = sum(max(len(row[place]) for row in shown) + len(_GAP) for place in range(len(headers) - 1))
    room = max(_NARROWEST, (width or _UNBOUND) - taken)
    cut = ([*row[:-1], row[-1] if len(row[-1]) <= room else row[-1][: room - 1] + "…"] for row in shown)
    return "\n".join(Brush(colour=False).table(cut))


def terminal_width(*, tty: bool) -> int | None:
    """Give the terminal's width; None where the output goes to a file or a program."""
    return shutil.get_terminal_size((120, 24)).columns if tty else None
