"""Accounts as rows of a spreadsheet: the columns, and cells that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from countersign.attestation.accounts.account import Account

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
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide forms are taken for formulas too
"""What makes a spreadsheet compute a cell instead of showing it (OWASP, CSV injection)."""


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
            text = str(value)
            return "'" + text if text.startswith(_STARTS) else text


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
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
