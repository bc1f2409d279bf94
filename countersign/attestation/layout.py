"""Where things lie on the audit branch: small folders, so that a million records stay quick to open and quick to extend."""

from datetime import datetime

CHECKPOINT = "checkpoint"
"""The newest signed note of size and root; the only file that is ever written anew."""

GENESIS_FILES = frozenset({"README.md", "FORMAT.md"})
"""What the first commit holds besides; nothing else may ever appear."""

RECORDS = "records/"
FULL = 256
"""Records that an hour's folder holds itself; what comes after them goes into folders below it, as many in each."""


def record_path(recorded: datetime, seq: int, identifier: str, nth: int) -> str:
    """Give a record's place: by the hour in which it was recorded. `nth` counts, from 0, the records of that hour before it."""
    below = "" if nth < FULL else f"more-{nth // FULL:06d}/"
    hour = f"{recorded.year:04d}/{recorded.month:02d}/{recorded.day:02d}/{recorded.hour:02d}"
    return f"{RECORDS}{hour}/{below}{seq:010d}-{identifier}.json"


def same_hour(one: datetime, other: datetime) -> bool:
    """Say whether two times, both UTC, fall into one folder."""
    return (one.date(), one.hour) == (other.date(), other.hour)
