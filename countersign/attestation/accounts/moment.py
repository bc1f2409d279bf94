"""Times as people type them, turned into times as records have them. UTC where no zone is said. Reads no clock."""

import re
from datetime import UTC, datetime, timedelta

from countersign.domain.ids import MalformedError

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WINDOW = re.compile(r"(?P<count>[1-9]\d{0,4})(?P<unit>[smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def moment(text: str) -> datetime:
    """Read a day or a time.

    Raises:
        MalformedError: neither.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedError(f"not a time: {text!r}; write 2026-03-01, 2026-03-01T14:00 (UTC) or 2026-03-01T14:00+01:00") from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def end(text: str) -> datetime:
    """Read the end of a span: a day alone is meant with all its hours."""
    return moment(text) + (timedelta(days=1) if _DAY.fullmatch(text) else timedelta())


def window(text: str) -> timedelta:
    """Read a length of time, such as 90m, 2h or 3d.

    Raises:
        MalformedError: not one.
    """
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise MalformedError(f"not a length of time: {text!r}; write 90m, 2h or 3d")
    return timedelta(seconds=int(found["count"]) * _SECONDS[found["unit"]])


def written(when: datetime) -> str:
    """Write a time as records do."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
