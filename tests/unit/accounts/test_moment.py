"""Times that people type: days are whole days, every other form is refused, and no year makes arithmetic fail."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.accounts.moment import end, moment, window, written
from countersign.domain.ids import MalformedError

NOON = datetime(2026, 3, 1, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-01", NOON.replace(hour=0)),
        ("2026-03-01T14:00", NOON),
        ("2026-03-01 14:00:00", NOON),
        ("2026-03-01T14:00:00Z", NOON),
        ("2026-03-01T15:00+01:00", NOON),
        ("2026-03-01T14:00:00.000001Z", NOON + timedelta(microseconds=1)),
        ("1970-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9000-12-31T23:59", datetime(9000, 12, 31, 23, 59, tzinfo=UTC)),
    ],
)
def test_the_documented_forms_are_read(text: str, meant: datetime) -> None:
    assert moment(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("20260301", "2026-W09", "2026-W09-7", "2026W097", "2026-060", "2026-03", "2026-13-01", "\u0662\u0660\u0662\u0666-03-01"),
        *("20260301T1400", "2026-03-01T14", "2026-03-01T14:00+01", "2026-03-01T14:00:00.1234567", "2026-03-01T14:00-00:00:30"),
        *("2026-03-01x14:00", "2026-03-01\n", "noon", ""),
    ],
)
def test_every_other_form_is_refused_and_those_that_are_read_are_told(text: str) -> None:
    for reading in (moment, end):
        with pytest.raises(MalformedError, match=r"not a time: [\s\S]*; write 2026-03-01, 2026-03-01T14:00"):
            reading(text)


@pytest.mark.parametrize(
    "text",
    [
        *("9999-12-31", "0001-01-01", "0001-01-01T00:00+05:00", "0999-01-01", "1969-12-31T23:59", "1970-01-01T00:00+01:00"),
        *("9001-01-01", "9000-12-31T23:30-01:00", "9999-12-31T23:30-14:00"),
    ],
)
def test_a_year_that_no_record_is_of_is_refused(text: str) -> None:
    for reading in (moment, end):
        with pytest.raises(MalformedError, match="not a time of the years 1970 to 9000"):
            reading(text)


def test_a_day_alone_ends_with_its_last_hour() -> None:
    assert end("2026-11-30") == datetime(2026, 12, 1, tzinfo=UTC)
    assert end("2026-11-30T00:00") == datetime(2026, 11, 30, tzinfo=UTC)


@given(
    day=st.dates(datetime(1970, 1, 2, tzinfo=UTC).date(), datetime(9000, 12, 30, tzinfo=UTC).date()),
    count=st.integers(1, 99999),
    unit=st.sampled_from("smhdw"),
)
def test_whatever_is_read_can_be_reckoned_with_and_compared_as_text(day: datetime, count: int, unit: str) -> None:
    try:
        length = window(f"{count}{unit}")
    except MalformedError as refusal:
        assert "at most 3650d" in str(refusal)  # noqa: PT017 - some of these lengths are refused
        return
    when = moment(f"{day}T12:00")
    assert written(when - length) < written(when) < written(when + length)
