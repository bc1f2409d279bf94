"""A freeze: windows in which an environment rests, on the wall clock of a named zone. Is it on, and until when?

Start and length are added on the wall clock: Friday 17:00 and 64 h is Monday 09:00 in every week of the year. Where a clock is
set back or forward at a window's edge, the longer reading holds. Windows that touch or overlap are one freeze.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from countersign.domain.policy_values import LocalTime, Model, Seconds, Zone, written
from countersign.domain.recurrence import Recurrence

_HORIZON = 3660
"""Days, ten years: how far ahead a freeze is looked at. One that neither begins nor ends in that time does not load."""

_DAY = timedelta(days=1)


def _repeat(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a repeat is written FREQ=WEEKLY;BYDAY=FR")  # noqa: TRY004 - pydantic makes a place of a ValueError
    return Recurrence.parse(value)


Repeat = Annotated[
    Recurrence, BeforeValidator(_repeat), written("^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[^;]+)*$", "FREQ=WEEKLY;BYDAY=FR")
]


class Freeze(Model):
    """A window in which an environment rests. Times are local to the zone."""

    start: Annotated[LocalTime, Field(description="When it begins; with `repeat`, when it begins for the first time.")]
    end: Annotated[LocalTime | None, Field(description="When it ends: this or `lasts`.")] = None
    lasts: Annotated[
        Seconds | None, Field(description="How long it lasts on the wall clock: 64h after Friday 17:00 is Monday 09:00.")
    ] = None
    repeat: Annotated[
        Repeat | None,
        Field(description="RFC 5545: FREQ of DAILY or longer, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTH, BYMONTHDAY, WKST."),
    ] = None
    zone: Annotated[Zone, Field(description="Whose clock on the wall is meant.")]

    @property
    def length(self) -> timedelta:
        """Give how long one window is on the wall clock."""
        return (self.end or self.start) - self.start if self.lasts is None else timedelta(seconds=self.lasts)

    @cached_property
    def final(self) -> date | None:
        """Give the day on which the last window of a counted repeat begins."""
        left, first = 0 if self.repeat is None else self.repeat.count or 0, self.start.date()
        for day in _days(first) if left else ():
            left -= self.repeat is not None and self.repeat.falls_on(day, first)
            if left == 0:
                return day
        return None

    def problem(self) -> tuple[str, str] | None:
        """Say which key is wrong, and why, where the freeze never begins or never ends."""
        if (self.end is None) == (self.lasts is None):
            return "start", "a freeze has `end` or `lasts`, one of them"
        if self.length <= timedelta():
            return "end", "the freeze ends before it begins"
        if self.length > _HORIZON * _DAY:
            return ("end" if self.lasts is None else "lasts"), f"a window lasts at most {_HORIZON} days"
        return None if self.repeat is None else self._repeats_badly(self.repeat)

    def _repeats_badly(self, repeat: Recurrence) -> tuple[str, str] | None:
        first, zone = self.start.date(), ZoneInfo(self.zone)
        if self.end is not None:
            return "end", "a freeze that repeats has `lasts` in place of `end`"
        days = [day for day in _days(first) if repeat.falls_on(day, first)]
        if not days or repeat.ends_before(self.start.replace(tzinfo=zone)):
            return "repeat", "this never happens"
        if days[0] != first:
            return "start", f"the repeat does not fall on the start; begin on {days[0]}"
        if repeat.count is not None and self.final is None:
            return "repeat", "COUNT reaches further than ten years: leave it out"
        starts = [datetime.combine(day, self.start.time()) for day in days if self.final is None or day <= self.final]
        starts = [start for start in starts if not repeat.ends_before(start.replace(tzinfo=zone))]
        rests = any(later - earlier > self.length for earlier, later in pairwise(starts))
        if not rests and starts[-1] + self.length >= self.start + _HORIZON * _DAY:
            return "lasts", "as long as the time to the next one: this freeze would never end"
        return None

    def end_at(self, moment: datetime) -> datetime | None:
        """Give the latest end of the windows that hold the moment."""
        zone = ZoneInfo(self.zone)
        ends = (
            _later(start + self.length, zone)
            for start in self._starts(moment.astimezone(zone).date())
            if _earlier(start, zone) <= moment
        )
        return max((end for end in ends if end > moment), default=None)

    def _starts(self, day: date) -> Iterator[datetime]:
        """Give the local times at which windows begin that may hold a moment of the day; a day more, for the clock's steps."""
        if self.repeat is None:
            yield self.start
            return
        first, time = self.start.date(), self.start.time()
        for back in range(-1, self.length.days + 3):
            begun = day - back * _DAY
            if self.repeat.falls_on(begun, first) and (self.final is None or begun <= self.final):
                start = datetime.combine(begun, time)
                if not self.repeat.ends_before(start.replace(tzinfo=ZoneInfo(self.zone))):
                    yield start


def frozen_until(freezes: Iterable[Freeze], now: datetime) -> datetime | None:
    """Give the first moment, UTC, at which none of the freezes is on any more; None where none is on at `now`."""
    freezes, end = tuple(freezes), now
    for _ in range(_HORIZON):
        further = max((found for freeze in freezes if (found := freeze.end_at(end)) is not None), default=None)
        if further is None:
            break
        end = further
    return None if end == now else end.astimezone(UTC)


def _days(first: date) -> Iterator[date]:
    return (first + number * _DAY for number in range(_HORIZON))


def _earlier(local: datetime, zone: ZoneInfo) -> datetime:
    return min(_readings(local, zone))


def _later(local: datetime, zone: ZoneInfo) -> datetime:
    return max(_readings(local, zone))


def _readings(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Read a local time both ways: they differ only where the clock is set back or forward."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC), local.replace(tzinfo=zone, fold=1).astimezone(UTC)
