"""Counts, charts and time axes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from countersign.adapters.pages import charts
from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.figures import count

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


def told(seq: int, kind: str, minutes: float, **more: Any) -> Account:  # noqa: ANN401 - whatever an account has
    when = (MONDAY + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Account(
        seq=seq, id=str(seq), kind=kind, key=str(seq), time=when, recorded=when, summary="s", repository="acme/shop", **more
    )


STORY = (
    told(0, "assessed", 0, iid=1, head="a", tier="low"),
    told(1, "intent", 30, iid=1, head="a", tier="low", run="r1", approvers=("ann",)),
    told(2, "executed", 31, iid=1, head="a", run="r1"),
    told(3, "refused", 60 * 24 * 8, iid=2, head="b", tier="high", rules=("no drops",)),
    told(4, "assessed", 60 * 24 * 9, iid=3, head="c", tier="low"),
    told(5, "intent", 60 * 24 * 9 + 90, iid=3, head="c", run="r2", approvers=("bo",)),
)


def test_a_story_is_counted() -> None:
    figures = count(reversed(STORY), tiers=("low", "high"))
    assert (figures.records, figures.changes, figures.open_runs) == (6, 3, 1)
    assert figures.weeks == (date(2026, 11, 2), date(2026, 11, 9))
    assert figures.tiers == ("low", "high")
    assert figures.decisions == {date(2026, 11, 2): {"low": 1}, date(2026, 11, 9): {"high": 1, "low": 1}}
    assert figures.refusals == {"no drops": 1}
    assert figures.lead is not None
    assert (figures.lead.half, figures.lead.most, figures.lead.count) == (60, 90, 2)


def test_nothing_is_counted_too() -> None:
    figures = count([])
    assert (figures.weeks, figures.lead, figures.open_runs) == ((), None, 0)
    assert charts.columns("x", (), (), {}, {}).marks == ()


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_columns_stand_within_the_chart_and_are_as_high_as_their_numbers(numbers: list[int]) -> None:
    weeks = [date(2026, 1, 5) + timedelta(weeks=place) for place in range(len(numbers))]
    chart = charts.columns(
        "x", weeks, ("low",), {week: {"low": number} for week, number in zip(weeks, numbers, strict=True)}, {"low": "t0"}
    )
    assert len(chart.marks) == sum(number > 0 for number in numbers)
    for mark in chart.marks:
        assert mark.x >= 0
        assert mark.y >= 0
        assert mark.x + mark.width <= chart.width
        assert mark.y + mark.height <= chart.height
    assert [row[1] for row in chart.table.rows] == [str(number) for number in numbers]


@given(st.dictionaries(st.text(max_size=20), st.integers(1, 10**6), min_size=1, max_size=20))
def test_bars_stand_within_the_chart(values: dict[str, int]) -> None:
    chart = charts.bars("x", values, "bar")
    assert all(0 < mark.width <= chart.width and mark.y + mark.height <= chart.height for mark in chart.marks)
    assert [row[0] for row in chart.table.rows] == list(values)
