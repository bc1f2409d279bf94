"""Tables for people who read a terminal: aligned, cut to its width, nothing in them that a terminal would obey.

Programs are given JSON or CSV instead. `countersign.cli.table` has the plain tables that may be coloured.
"""

import shutil
from collections.abc import Sequence

from countersign.domain.neutral import visible

_NARROWEST = 8
_GAP = "  "
_UNBOUND = 10_000


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None) -> str:
    """Write rows under headers, the last column cut where a line would be wider than `width` (None: as wide as need be)."""
    if not rows:
        return ""
    shown = [[" ".join(visible(cell).split()) for cell in row] for row in rows]
    head = [header.upper() for header in headers]
    widths = [max(len(row[place]) for row in [head, *shown]) for place in range(len(head))]
    room = (width or _UNBOUND) - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
    return "\n".join(_line(row, widths, max(_NARROWEST, room)) for row in [head, *shown])


def terminal_width(*, tty: bool) -> int | None:
    """Give the terminal's width; None where the output goes to a file or a program."""
    return shutil.get_terminal_size((120, 24)).columns if tty else None


def _line(row: Sequence[str], widths: Sequence[int], room: int) -> str:
    last = row[-1] if len(row[-1]) <= room else row[-1][: room - 1] + "…"
    return _GAP.join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)), last]).rstrip()
