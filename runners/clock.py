"""The one place of the runners that reads the time."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment, UTC, aware."""
    return datetime.now(UTC)  # noqa: TID251 - this module owns the clock


def ticks() -> int:
    """Give a monotonic reading in milliseconds, for durations only."""
    return time.monotonic_ns() // 1_000_000


def sleep(seconds: float) -> None:
    """Let so many seconds pass."""
    time.sleep(seconds)
