"""Is a freeze on, and until when? Local wall-clock windows in a named zone; the moment of asking is given."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from countersign.domain.policy import Freeze


def frozen_until(freeze: Freeze, now: datetime) -> datetime | None:
    """Give the end of the freeze, UTC, where it is on at `now`; None where it is not."""
    zone = ZoneInfo(freeze.zone)
    start, end = (moment.replace(tzinfo=zone).astimezone(UTC) for moment in (freeze.start, freeze.end))
    return end if start <= now < end else None
