"""Accounts as rows of a spreadsheet: the columns, and cells that no spreadsheet takes for a formula.

Spreadsheets part cells by comma, semicolon or tab, as their users' country has it. All cells are quoted; still, a file that is read
with another separator is cut within cells. So what would begin a cell under any of them is made harmless. Cells are for eyes: what
hides is shown, and an apostrophe may stand where the record has none. The words themselves are in the record, as JSON.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from countersign.attestation.accounts.account import Account
from countersign.domain.neutral import visible

COLUMNS = (
    "seq",
    "id",
    "recorded",
    "time",
    "kind",
    "change",
    "run",
    "environment",
    "services",
    "action",
    "tier",
    "effect",
    "agent",
    "model",
    "skill",
    "sponsor",
    "author",
    "approvers",
    "rules",
    "paths",
    "unlisted",
    "hosts",
    "credentials",
    "head",
    "policy",
    "stage",
    "why",
    "tokens",
    "tainted",
    "summary",
)
_FORMULA = re.compile(r"(^|[,;\t\n])(?=\s*[=+\-@\t\n\"\uff1d\uff0b\uff0d\uff20]|(?<=[;,\t\n])\Z)")
"""The beginning of a cell, under any separator, if a spreadsheet would compute what follows instead of showing it (OWASP, CSV
injection; the wide forms too), or if a quotation mark follows, behind which it may. Whatever ends in a separator is closed."""


def cell(value: object) -> str:
    """Write a value as a cell: lists by line, nothing as nothing; an apostrophe before what would be a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple():
            return cell("\n".join(value))
        case _:
            return _FORMULA.sub(r"\1'", visible(str(value)))


def csv_lines(accounts: Iterable[Account], more: Sequence[str] = (), extra: Iterable[Sequence[object]] = ()) -> Iterator[str]:
    """Write accounts as CSV (RFC 4180), a header first. `more` are further columns, `extra` their values, row by row."""
    yield _line([*COLUMNS, *more])
    rest = iter(extra)
    for told in accounts:
        yield _line(
            [*(cell(getattr(told, name)) for name in COLUMNS), *(cell(value) for value in (next(rest, ()) if more else ()))]
        )


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow(cells)
    return text.getvalue()
