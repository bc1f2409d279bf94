"""Reads the time; nothing else in this room does."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Give the present moment, UTC, aware."""
    return datetime.now(UTC)  # noqa: TID251 - the module that owns the clock
