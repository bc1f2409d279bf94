"""PostgreSQL's server log, as `jsonlog` (15 and newer) or `csvlog` writes it. Set `log_connections = on`, else short sessions hide.

A use is a line of a session that has a user; lines without one, of the server's own processes or before a client named its user,
are counted. Attempts that the server turned away are FATAL lines with a state of authentication: a statement can raise such a state
too, but not as FATAL.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from countersign.adapters.logs.lines import json_lines, lines
from countersign.attestation.accounts.moment import placed
from countersign.attestation.accounts.plain import text
from countersign.attestation.accounts.reconcile import LeftOut, Use
from countersign.domain.ids import MalformedError

PROVIDERS = frozenset({"postgres"})
_TIME, _USER, _DATABASE, _FROM, _SESSION, _TAG, _SEVERITY, _STATE, _MESSAGE = 0, 1, 2, 4, 5, 7, 11, 12, 13
_COLUMNS = range(23, 27)
"""csvlog has 23 columns since 9.0, 24 since 13, 26 since 14."""

_TURNED_AWAY = frozenset({"28000", "28P01", "3D000"})
_UTC = frozenset({"UTC", "GMT", "Etc/UTC"})
_NOBODYS = LeftOut("lines without a user (the server's own, or before a client gave one)")


def read(path: Path) -> Iterator[Use | LeftOut]:
    """Give what sessions did.

    Raises:
        MalformedError: neither of the two forms, or times in a zone other than UTC.
    """
    _, first = next(lines(path), (0, ""))
    return _json(path) if first.lstrip().startswith("{") else _csv(path)


def _json(path: Path) -> Iterator[Use | LeftOut]:
    for number, event in json_lines(path):
        user, where = text(event, "user"), f"{path}:{number}"
        if "timestamp" not in event or "error_severity" not in event:
            raise MalformedError(f"{where}: no line of PostgreSQL's jsonlog")
        if not user:
            yield _NOBODYS
            continue
        yield Use(
            at=_moment(text(event, "timestamp") or "", where),
            session=f"{user} {text(event, 'session_id')}",
            names=(user,),
            principal=f"{user} in {text(event, 'dbname') or 'no database'}",
            what=_what(text(event, "ps"), text(event, "message")),
            source=text(event, "remote_host"),
            allowed=not _turned_away(text(event, "error_severity"), text(event, "state_code")),
        )


def _csv(path: Path) -> Iterator[Use | LeftOut]:
    rows = csv.reader(line for _, line in lines(path))
    try:
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if len(row) not in _COLUMNS:
                raise MalformedError(f"{where}: no line of PostgreSQL's csvlog: {len(row)} columns")
            if not row[_USER]:
                yield _NOBODYS
                continue
            yield Use(
                at=_moment(row[_TIME], where),
                session=f"{row[_USER]} {row[_SESSION]}",
                names=(row[_USER],),
                principal=f"{row[_USER]} in {row[_DATABASE] or 'no database'}",
                what=_what(row[_TAG], row[_MESSAGE]),
                source=row[_FROM].rpartition(":")[0] or row[_FROM] or None,
                allowed=not _turned_away(row[_SEVERITY], row[_STATE]),
            )
    except csv.Error as error:
        raise MalformedError(f"{path}:{rows.line_num}: {error}") from None


def _moment(written: str, where: str) -> datetime:
    when, _, zone = written.rpartition(" ")
    if zone not in _UTC:
        raise MalformedError(f"{where}: times must be in UTC to be held against the record; set log_timezone = 'UTC'")
    try:
        read = datetime.fromisoformat(when)
    except ValueError:
        read = None
    if read is None or read.tzinfo is not None:
        raise MalformedError(f"{where}: not a time: {when[:40]!r}")
    return placed(read, f"{where}: {when[:40]!r}")


def _turned_away(severity: str | None, state: str | None) -> bool:
    return severity == "FATAL" and state in _TURNED_AWAY


def _what(tag: str | None, message: str | None) -> str:
    """Say what was done, without statements: they may hold data."""
    words = (message or "").partition(":")[0]
    return tag or words[:40] or "a line"
