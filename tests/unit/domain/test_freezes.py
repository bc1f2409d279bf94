"""Freezes: which days a rule means (dateutil is the independent reader), and when a freeze ends on the wall clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given
from hypothesis import strategies as st

from countersign.domain.freezes import Freeze, frozen_until
from countersign.domain.recurrence import Recurrence

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def freeze(**keys: str) -> Freeze:
    return Freeze.model_validate({"zone": "Europe/Berlin", **keys})


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


WEEKENDS = freeze(start="2026-01-02T17:00", lasts="64h", repeat="FREQ=WEEKLY;BYDAY=FR")
YEAR_END = freeze(start="2026-12-18T00:00", end="2027-01-04T08:00")


@st.composite
def repeats(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]

    def maybe(key: str, values: st.SearchStrategy[list[str]]) -> None:
        if draw(st.booleans()):
            parts.append(f"{key}={','.join(draw(values))}")

    def some(of: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
        return st.lists(of, min_size=1, max_size=3, unique=True)

    maybe("INTERVAL", st.integers(1, 5).map(lambda number: [str(number)]))
    maybe("BYMONTH", some(st.integers(1, 12).map(str)))
    maybe("WKST", st.sampled_from(WEEKDAYS).map(lambda day: [day]))
    if frequency != "WEEKLY":
        maybe("BYMONTHDAY", some(st.integers(-31, 31).filter(bool).map(str)))
    # All with numbers or none: where they are mixed, dateutil finds no day at all.
    numbered = frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans())
    numbers = st.sampled_from(["1", "2", "-1", "-2", "+3", "5"]) if numbered else st.just("")
    maybe("BYDAY", some(st.builds(str.__add__, numbers, st.sampled_from(WEEKDAYS))))
    return ";".join(parts)


def their_days(repeat: str, first: date, last: date) -> list[date]:
    """Ask dateutil, which looks until the year 9999 where nothing comes after `last`."""
    midnight = datetime(first.year, first.month, first.day)  # noqa: DTZ001 - dateutil's rule is asked without a zone
    return [found.date() for found in takewhile(lambda found: found.date() <= last, rrulestr(repeat, dtstart=midnight))]


def our_days(repeat: str, first: date, last: date) -> list[date]:
    rule = Recurrence.parse(repeat)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if rule.falls_on(day, first)]


@given(repeats(), st.dates(date(2024, 1, 1), date(2029, 1, 1)))
def test_an_independent_reader_means_the_same_days(repeat: str, first: date) -> None:
    last = first + timedelta(days=150)
    ours = our_days(repeat, first, last + timedelta(days=400))
    if ours and ours[-1] > last:
        assert [day for day in ours if day <= last] == their_days(repeat, first, last)


@pytest.mark.parametrize(
    ("repeat", "first"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", date(2024, 2, 29)),
        ("FREQ=YEARLY;BYDAY=-53MO,53SU", date(2024, 1, 1)),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO", date(2024, 1, 7)),
        ("FREQ=MONTHLY;INTERVAL=7", date(2024, 1, 31)),
    ],
)
def test_an_independent_reader_agrees_on_rare_days(repeat: str, first: date) -> None:
    last = first + timedelta(days=6000)
    assert our_days(repeat, first, last) == their_days(repeat, first, last)


def test_weekdays_with_and_without_numbers_stand_side_by_side() -> None:
    days = our_days("FREQ=MONTHLY;BYDAY=MO,1FR", date(2026, 11, 1), date(2026, 11, 30))
    assert [day.day for day in days] == [2, 6, 9, 16, 23, 30]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-27T16:59", None),
        ("2026-11-27T17:00", "2026-11-30T09:00"),
        ("2026-11-28T10:00", "2026-11-30T09:00"),
        ("2026-11-30T08:59", "2026-11-30T09:00"),
        ("2026-11-30T09:00", None),
        ("2026-03-28T10:00", "2026-03-30T09:00"),
        ("2026-10-24T10:00", "2026-10-26T09:00"),
        ("2026-01-01T10:00", None),
        ("2031-06-07T10:00", "2031-06-09T09:00"),
    ],
)
def test_a_weekend_ends_on_monday_at_nine_in_every_week(now: str, until: str | None) -> None:
    assert frozen_until([WEEKENDS], berlin(now)) == (None if until is None else berlin(until))


def test_freezes_that_overlap_end_together() -> None:
    assert frozen_until([WEEKENDS, YEAR_END], berlin("2026-12-20T12:00")) == berlin("2027-01-04T09:00")
    assert frozen_until([YEAR_END], berlin("2026-12-20T12:00")) == berlin("2027-01-04T08:00")


def test_windows_that_reach_into_the_next_are_one_freeze() -> None:
    days = freeze(start="2026-11-02T18:00", lasts="30h", repeat="FREQ=WEEKLY;BYDAY=MO,TU,WE")
    assert frozen_until([days], berlin("2026-11-02T18:00")) == berlin("2026-11-06T00:00")


@pytest.mark.parametrize(
    ("repeat", "before", "after"),
    [
        ("FREQ=WEEKLY;BYDAY=FR;COUNT=2", "2026-01-10T12:00", "2026-01-17T12:00"),
        ("FREQ=WEEKLY;BYDAY=FR;UNTIL=20260109", "2026-01-10T12:00", "2026-01-17T12:00"),
        ("FREQ=WEEKLY;BYDAY=FR;UNTIL=20260109T160000Z", "2026-01-10T12:00", "2026-01-17T12:00"),
        ("FREQ=WEEKLY;BYDAY=FR;UNTIL=20260109T155959Z", "2026-01-03T12:00", "2026-01-10T12:00"),
    ],
)
def test_a_repeat_that_ends_is_over(repeat: str, before: str, after: str) -> None:
    weekends = freeze(start="2026-01-02T17:00", lasts="64h", repeat=repeat)
    assert weekends.problem() is None
    assert frozen_until([weekends], berlin(before)) is not None
    assert frozen_until([weekends], berlin(after)) is None


@pytest.mark.parametrize(
    ("start", "lasts", "inside"),
    [
        ("2026-10-25T02:30", "1h", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the first half past two
        ("2026-10-25T01:00", "90m", datetime(2026, 10, 25, 1, 29, tzinfo=UTC)),  # until the second half past two
        ("2026-03-29T02:30", "1h", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),  # a half past two that there is not
    ],
)
def test_where_the_clock_steps_the_longer_reading_holds(start: str, lasts: str, inside: datetime) -> None:
    assert frozen_until([freeze(start=start, lasts=lasts)], inside) is not None


@given(
    st.lists(
        st.sampled_from([WEEKENDS, YEAR_END, freeze(start="2026-01-31T22:00", lasts="9h", repeat="FREQ=MONTHLY;BYMONTHDAY=-1")])
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants bounds so
    st.floats(0, 1, exclude_max=True),
)
@example([WEEKENDS], datetime(2028, 1, 1, tzinfo=UTC), 0.9999999999999998)  # times are rounded to microseconds
def test_the_end_is_the_first_moment_without_a_freeze(freezes: list[Freeze], now: datetime, part: float) -> None:
    until = frozen_until(freezes, now)
    if until is None:
        return
    assert until > now
    assert frozen_until(freezes, until) is None
    assert frozen_until(freezes, min(now + part * (until - now), until - datetime.resolution)) == until


@pytest.mark.parametrize(
    ("repeat", "why"),
    [
        ("FREQ=SECONDLY", "nothing shorter"),
        ("FREQ=HOURLY;BYMONTH=2", "nothing shorter"),
        ("FREQ=DAILY;BYSETPOS=1", "none of them"),
        ("FREQ=DAILY;BYHOUR=1", "none of them"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "exclude"),
        ("FREQ=DAILY;COUNT=0", "1 to 1000"),
        ("FREQ=DAILY;INTERVAL=9999", "1 to 1000"),
        ("FREQ=DAILY;UNTIL=20270231", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20270228T170000", "UNTIL"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "no BYMONTHDAY"),
        ("FREQ=WEEKLY;BYDAY=1FR", "without numbers"),
        ("FREQ=MONTHLY;BYDAY=6FR", "at most 5"),
        ("FREQ=MONTHLY;BYDAY=FRI", "BYDAY lists"),
        ("FREQ=MONTHLY;BYMONTH=13", "BYMONTH lists"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY lists"),
        ("FREQ=WEEKLY;WKST=0", "WKST"),
        ("", "none of them"),
        ("FREQ=DAILY;" * 40, "at most 200"),
    ],
)
def test_a_repeat_that_is_not_of_the_form_says_why(repeat: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Recurrence.parse(repeat)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"end": "2026-01-02T17:00"}, "before it begins"),
        ({}, "one of them"),
        ({"end": "2026-01-03T17:00", "lasts": "1h"}, "one of them"),
        ({"end": "2026-01-03T17:00", "repeat": "FREQ=DAILY"}, "in place of"),
        ({"lasts": "1h", "repeat": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "never happens"),
        ({"lasts": "1h", "repeat": "FREQ=DAILY;INTERVAL=7;BYDAY=SA"}, "never happens"),
        ({"lasts": "1h", "repeat": "FREQ=WEEKLY;UNTIL=20250101"}, "never happens"),
        ({"lasts": "1h", "repeat": "FREQ=WEEKLY;BYDAY=SA"}, "begin on 2026-01-03"),
        ({"lasts": "1h", "repeat": "FREQ=YEARLY;COUNT=12"}, "ten years"),
        ({"lasts": "24h", "repeat": "FREQ=DAILY"}, "never end"),
        ({"lasts": "60d", "repeat": "FREQ=MONTHLY"}, "never end"),
        ({"lasts": "99999d"}, "at most 3660 days"),
    ],
)
def test_a_freeze_that_never_begins_or_never_ends_has_a_problem(keys: dict[str, str], problem: str) -> None:
    found = freeze(start="2026-01-02T17:00", **keys).problem()
    assert found is not None
    assert problem in found[1]
