"""What names there are in an index: to list them where somebody asks for one that there is not."""

import difflib
from collections.abc import Iterator

from countersign.adapters.index.index import Index
from countersign.adapters.index.question import Question
from countersign.adapters.index.schema import COLUMNS, NAMED

_ASKED = (
    "environment",
    "service",
    "agent",
    "sponsor",
    "author",
    "approver",
    "skill",
    "tier",
    "action",
    "rule",
    "host",
    "credential",
)
_FEW = 6


def names(index: Index, kind: str) -> list[str]:
    """Give every value of a column of records, or every word of a kind, in order.

    Raises:
        LedgerFault: the index can neither be read nor made anew.
    """
    if kind in NAMED:
        found = index.figures("SELECT word FROM word WHERE kind = ? ORDER BY word", (kind,))
    else:
        column = COLUMNS[COLUMNS.index(kind)]
        found = index.figures(f"SELECT DISTINCT {column} FROM record WHERE {column} IS NOT NULL ORDER BY 1")  # noqa: S608 - our names
    return [str(value) for (value,) in found]


def unknown(index: Index, question: Question) -> Iterator[str]:
    """Say which of the names that a question asks for no record has, and those that are near. Capitals count in names.

    Raises:
        LedgerFault: the index can neither be read nor made anew.
    """
    for kind in _ASKED:
        asked = getattr(question, kind)
        known = [] if asked is None else names(index, kind)
        if asked is not None and asked not in known and not (kind == "host" and any(one.startswith(f"{asked}:") for one in known)):
            close = near(asked, known)
            yield f"no record names the {kind} {asked!r}" + (f"; near it are: {', '.join(close)}" if close else "")


def near(asked: str, known: list[str]) -> list[str]:
    """Give names that may have been meant: but for capitals the same, then longer or shorter ones, then alike; of a few, all."""
    if len(known) <= _FEW:
        return known
    folded = asked.casefold()
    same = [one for one in known if one.casefold() == folded]
    part = [one for one in known if folded in one.casefold() or one.casefold() in folded]
    alike = difflib.get_close_matches(folded, [one.casefold() for one in known], _FEW)
    return list(dict.fromkeys([*same, *part, *(one for one in known if one.casefold() in alike)]))[:_FEW]
