"""The one place of the command line that reads the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment, UTC, aware."""
    return datetime.now(UTC)  # noqa: TID251 - this module owns the clock
