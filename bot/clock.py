"""The one place of the bot that reads the time."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment, UTC, aware."""
    return datetime.now(UTC)  # noqa: TID251 - this module owns the clock


def ticks() -> float:
    """Give a monotonic reading in seconds, for durations only."""
    return time.monotonic()
