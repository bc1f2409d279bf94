"""Times as people type them and as logs have them, turned into times as records have them. UTC where no zone is said.

A time of another year than 1970 to 9000 is refused: nothing of ours is of it, arithmetic with it would fail, and written as text it
would not compare with others. Reads no clock.
"""

import re
from datetime import UTC, datetime, timedelta

from countersign.domain.ids import MalformedError

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(rf"{_DAY.pattern}(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{{1,6}})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
"""What `fromisoformat` reads beside these (weeks, days without dashes) would be a time at midnight where a day was meant."""

_FORMS = "write 2026-03-01, 2026-03-01T14:00 (UTC) or 2026-03-01T14:00+01:00"
_FIRST, _LAST = 1970, 9000
_WINDOW = re.compile(r"(?P<count>[1-9]\d{0,4})(?P<unit>[smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = timedelta(days=3650)


def moment(text: str) -> datetime:
    """Read a day or a time.

    Raises:
        MalformedError: neither, or of a year that no record is of.
    """
    try:
        read = datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        read = None
    if read is None:
        raise MalformedError(f"not a time: {text!r}; {_FORMS}")
    return placed(read, repr(text))


def placed(when: datetime, said: str) -> datetime:
    """Give a time in UTC; without a zone it is in UTC already.

    Raises:
        MalformedError: it is of no year of 1970 to 9000; the text begins with what was said.
    """
    if _FIRST <= when.year <= _LAST:  # no other can be moved to another zone for certain
        read = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        if _FIRST <= read.year <= _LAST:
            return read
    raise MalformedError(f"{said}: not a time of the years {_FIRST} to {_LAST}")


def end(text: str) -> datetime:
    """Read the end of a span: a day alone is meant with all its hours."""
    return moment(text) + (timedelta(days=1) if _DAY.fullmatch(text) else timedelta())


def window(text: str) -> timedelta:
    """Read a length of time, such as 90m, 2h or 3d.

    Raises:
        MalformedError: not one, or longer than ten years.
    """
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise MalformedError(f"not a length of time: {text!r}; write 90m, 2h or 3d")
    length = timedelta(seconds=int(found["count"]) * _SECONDS[found["unit"]])
    if length > _LONGEST:
        raise MalformedError(f"too long: {text!r}; at most {_LONGEST.days}d")
    return length


def written(when: datetime) -> str:
    """Write a time as records do."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
