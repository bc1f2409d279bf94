"""On which days something recurs: the part of RFC 5545's RRULE that a freeze needs.

Asked of one day at a time, by arithmetic from the first day, so that no rule can search for ever (ADR 10). Days only: the
time of day is the start's. Does not know zones or durations (`freezes` does).
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Self

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY = re.compile(r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)")
_WHOLE = re.compile(r"[1-9][0-9]{0,3}")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z)?")
_LONGEST, _DATE = 200, 8
_MONTHS, _MONTH_DAYS, _WEEKS, _YEAR_WEEKS = 12, 31, 5, 53
_MOST = 1000
_KNOWN = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "WKST")

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One rule. `days` are weekdays from Monday = 0, each with its number in the month or year, 0 for every one."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    days: frozenset[tuple[int, int]] = frozenset()
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    week_start: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `FREQ=WEEKLY;BYDAY=FR`.

        Raises:
            ValueError: not of that form, or a part of RFC 5545 that is not taken here. The text says which.
        """
        if len(text) > _LONGEST:
            raise ValueError(f"a repeat has at most {_LONGEST} characters")
        parts: dict[str, str] = {}
        for part in text.split(";"):
            key, equals, value = part.partition("=")
            if not equals or key not in _KNOWN:
                raise ValueError(f"a repeat takes {', '.join(_KNOWN)}, in capitals: {part[:40]!r} is none of them")
            if key in parts:
                raise ValueError(f"{key} stands in the repeat twice")
            parts[key] = value
        frequency = _frequency(parts.get("FREQ", ""))
        if "COUNT" in parts and "UNTIL" in parts:
            raise ValueError("COUNT and UNTIL exclude one another")
        rule = cls(
            frequency,
            interval=_whole("INTERVAL", parts.get("INTERVAL", "1")),
            count=_whole("COUNT", parts["COUNT"]) if "COUNT" in parts else None,
            until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
            days=_weekdays(parts["BYDAY"], frequency) if "BYDAY" in parts else frozenset(),
            months=_numbers("BYMONTH", parts["BYMONTH"], range(1, _MONTHS + 1)) if "BYMONTH" in parts else frozenset(),
            month_days=_month_days(parts["BYMONTHDAY"]) if "BYMONTHDAY" in parts else frozenset(),
            week_start=_week_start(parts.get("WKST", "MO")),
        )
        if rule.frequency == "WEEKLY" and rule.month_days:
            raise ValueError("FREQ=WEEKLY takes no BYMONTHDAY")
        return rule

    def falls_on(self, day: date, first: date) -> bool:
        """Say whether the rule, begun on `first`, means this day; COUNT and UNTIL apart."""
        if day < first or (self.months and day.month not in self.months) or not self._in_step(day, first):
            return False
        if self.month_days and not self.month_days & {day.day, day.day - _length(day) - 1}:
            return False
        if self.days:
            return any(weekday == day.weekday() and self._is_numbered(number, day) for weekday, number in self.days)
        return bool(self.month_days) or self._as_the_first(day, first)

    def ends_before(self, start: datetime) -> bool:
        """Say whether UNTIL shuts out an occurrence that starts then."""
        if isinstance(self.until, datetime):
            return start.astimezone(UTC) > self.until
        return self.until is not None and start.date() > self.until

    def _in_step(self, day: date, first: date) -> bool:
        if self.frequency == "DAILY":
            passed = (day - first).days
        elif self.frequency == "WEEKLY":
            passed = (self._week(day) - self._week(first)).days // 7
        else:
            years = day.year - first.year
            passed = years if self.frequency == "YEARLY" else years * _MONTHS + day.month - first.month
        return passed % self.interval == 0

    def _week(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_start) % 7)

    def _as_the_first(self, day: date, first: date) -> bool:
        """Take from the first day what the rule leaves out."""
        match self.frequency:
            case "DAILY":
                return True
            case "WEEKLY":
                return day.weekday() == first.weekday()
            case "MONTHLY":
                return day.day == first.day
            case "YEARLY":
                return day.day == first.day and (bool(self.months) or day.month == first.month)

    def _is_numbered(self, number: int, day: date) -> bool:
        """Say whether it is that weekday's number in its month or, for a year's rule without months, in its year."""
        if number == 0:
            return True
        by_year = self.frequency == "YEARLY" and not self.months
        place = day.timetuple().tm_yday if by_year else day.day
        length = date(day.year, _MONTHS, _MONTH_DAYS).timetuple().tm_yday if by_year else _length(day)
        return number == (place - 1) // 7 + 1 or number == -((length - place) // 7 + 1)


def _length(day: date) -> int:
    """Count the days of its month."""
    following = date(day.year, day.month + 1, 1) if day.month < _MONTHS else None
    return (following - day.replace(day=1)).days if following is not None else _MONTH_DAYS


def _frequency(text: str) -> Frequency:
    match text:
        case "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY":
            return text
        case _:
            raise ValueError("a repeat begins FREQ=DAILY, WEEKLY, MONTHLY or YEARLY; nothing shorter is a freeze")


def _whole(key: str, text: str) -> int:
    if not _WHOLE.fullmatch(text) or int(text) > _MOST:
        raise ValueError(f"{key} is a number from 1 to {_MOST}")
    return int(text)


def _numbers(key: str, text: str, known: range) -> frozenset[int]:
    found = frozenset(int(part) if re.fullmatch(r"-?[1-9][0-9]?", part) else 0 for part in text.split(","))
    if not all(number in known for number in found):
        raise ValueError(f"{key} lists numbers from {known.start} to {known.stop - 1}")
    return found


def _month_days(text: str) -> frozenset[int]:
    found = _numbers("BYMONTHDAY", text, range(-_MONTH_DAYS, _MONTH_DAYS + 1))
    if 0 in found:
        raise ValueError("BYMONTHDAY lists days from 1 to 31, or from -1, the last, to -31")
    return found


def _weekdays(text: str, frequency: Frequency) -> frozenset[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for part in text.split(","):
        day = _BY_DAY.fullmatch(part)
        if day is None:
            raise ValueError("BYDAY lists MO, TU, WE, TH, FR, SA, SU; for months and years also 1MO or -1FR")
        number = int(day[1] or 0)
        if number and frequency in {"DAILY", "WEEKLY"}:
            raise ValueError(f"FREQ={frequency} takes weekdays without numbers")
        if abs(number) > (_YEAR_WEEKS if frequency == "YEARLY" else _WEEKS):
            raise ValueError("BYDAY: there are at most 5 of a weekday in a month, 53 in a year")
        found.add((_DAYS.index(day[2]), number))
    return frozenset(found)


def _week_start(text: str) -> int:
    if text not in _DAYS:
        raise ValueError("WKST is a weekday: MO")
    return _DAYS.index(text)


def _until(text: str) -> date | datetime:
    if _UNTIL.fullmatch(text):
        with suppress(ValueError):
            day = date(int(text[:4]), int(text[4:6]), int(text[6:8]))
            if len(text) == _DATE:
                return day
            return datetime(day.year, day.month, day.day, int(text[9:11]), int(text[11:13]), int(text[13:15]), tzinfo=UTC)
    raise ValueError("UNTIL is the last day, 20271231, or a moment in UTC, 20271231T170000Z")
