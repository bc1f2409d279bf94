"""What charts draw, read as people read it: heights by the grid, widths by the widest, places by the labels."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from countersign.adapters.pages import charts
from countersign.adapters.pages.charts import Chart

ROUNDED = 0.11
"""Pixels: places and sizes are rounded to a tenth, each."""

KINDS = {"low": "t0", "high": "t1", "none": "tnone"}
numbers = st.integers(0, 10**6)
stacks = st.lists(st.fixed_dictionaries(dict.fromkeys(KINDS, numbers)), min_size=1, max_size=60)


def weeks_of(values: Sequence[object]) -> list[date]:
    return [date(2026, 1, 5) + timedelta(weeks=place) for place in range(len(values))]


def room(chart: Chart) -> float:
    """Give the height between the lowest line of the grid and the highest."""
    return chart.grid[0].y - chart.grid[-1].y


@given(stacks)
def test_columns_are_as_high_as_their_numbers_by_the_grid_and_stand_on_one_another(values: list[dict[str, int]]) -> None:
    weeks = weeks_of(values)
    chart = charts.columns("x", weeks, tuple(KINDS), dict(zip(weeks, values, strict=True)), KINDS)
    pixel = room(chart) / float(chart.grid[-1].text)
    assert chart.grid[0].text == "0"
    assert 0 <= chart.grid[-1].y < chart.grid[0].y <= chart.height
    wanted = [(week, part, value[part]) for week, value in zip(weeks, values, strict=True) for part in KINDS if value[part]]
    assert [(mark.kind, mark.title) for mark in chart.marks] == [
        (KINDS[part], f"{part}, week of {week}: {number}") for week, part, number in wanted
    ]
    stacked = dict.fromkeys(weeks, 0)
    for mark, (week, _, number) in zip(chart.marks, wanted, strict=True):
        stacked[week] += number
        assert abs(mark.height - max(0.5, number * pixel - 1)) <= ROUNDED, "but for a pixel, which tells it from the one above"
        assert abs(chart.grid[0].y - mark.y - stacked[week] * pixel) <= ROUNDED
        assert mark.y >= 0
    assert [row[1:-1] for row in chart.table.rows] == [tuple(str(value[part]) for part in KINDS) for value in values]


@given(st.integers(1, 60))
def test_columns_of_one_width_stand_apart_and_above_their_weeks(count: int) -> None:
    weeks = weeks_of(range(count))
    chart = charts.columns("x", weeks, tuple(KINDS), {week: {"low": 1} for week in weeks}, KINDS)
    assert {mark.width for mark in chart.marks} == {chart.marks[0].width}
    assert all(mark.x >= 0 and mark.x + mark.width <= chart.width for mark in chart.marks)
    apart = [second.x - first.x for first, second in pairwise(chart.marks)]
    assert all(gap > chart.marks[0].width for gap in apart)
    assert not apart or max(apart) - min(apart) <= 2 * ROUNDED
    middles = {f"{week:%d %b}": mark.x + mark.width / 2 for week, mark in zip(weeks, chart.marks, strict=True)}
    assert chart.labels
    assert all(abs(middles[label.text] - label.x) <= ROUNDED for label in chart.labels)


@given(st.lists(st.none() | st.floats(0, 10**6), min_size=1, max_size=60))
def test_lines_are_as_high_as_their_values_and_stand_above_their_weeks(values: list[float | None]) -> None:
    weeks = weeks_of(values)
    known = {week: value for week, value in zip(weeks, values, strict=True) if value is not None}
    chart = charts.trend("x", weeks, {"half": ("half", known), "most": ("most", {weeks[0]: 10.0})})
    assert [kind for kind, _ in chart.lines] == ["half", "most"]
    points, greatest = chart.lines[0][1], max([10.0, *known.values()])
    pixel = max(chart.grid[0].y - point.y for _, line in chart.lines for point in line) / greatest
    assert room(chart) / 2 < greatest * pixel <= room(chart) + ROUNDED, "what is greatest fills the chart"
    assert len(points) == len(known)
    for point, (week, value) in zip(points, known.items(), strict=True):
        assert abs(chart.grid[0].y - point.y - value * pixel) <= ROUNDED
        assert point.title == f"half, week of {week}: {charts.minutes(value)}"
    step = (chart.right - chart.left) / len(weeks)
    assert all(
        abs(point.x - chart.left - step * (weeks.index(week) + 0.5)) <= ROUNDED for point, week in zip(points, known, strict=True)
    )
    places = {f"{week:%d %b}": chart.left + step * (place + 0.5) for place, week in enumerate(weeks)}
    assert all(abs(places[label.text] - label.x) <= ROUNDED for label in chart.labels)


@given(st.dictionaries(st.text(max_size=20), st.integers(1, 10**6), min_size=1, max_size=20))
def test_bars_are_as_wide_as_their_numbers_and_stand_within_the_chart(values: dict[str, int]) -> None:
    chart = charts.bars("x", values, "bar")
    widest, most = max(mark.width for mark in chart.marks), max(values.values())
    assert chart.width / 2 < widest <= chart.width
    names, told = chart.labels[: len(values)], chart.labels[len(values) :]
    for mark, name, beside, (label, number) in zip(chart.marks, names, told, values.items(), strict=True):
        assert abs(mark.width - max(2.0, number / most * widest)) <= ROUNDED
        assert (mark.x, name.x, name.text, beside.text, mark.title) == (0, 0, label, str(number), f"{label}: {number}")
        assert name.y < mark.y < beside.y <= mark.y + mark.height <= chart.height
        assert mark.width < beside.x < chart.width
    rows = [mark.y for mark in chart.marks]
    assert all(second - first > chart.marks[0].height for first, second in pairwise(rows))
    assert chart.table.rows == tuple((label, str(number)) for label, number in values.items())


def test_of_nothing_nothing_is_drawn() -> None:
    assert charts.columns("x", (), (), {}, {}).marks == ()
    assert charts.trend("x", (), {"half": ("half", {})}).lines == (("half", ()),)
    assert charts.bars("x", {}, "bar").marks == ()
