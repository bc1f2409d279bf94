"""Charts as geometry: where each bar stands, what it is called, and the table that says the same. Templates write them as SVG.

Computed here, so that pages need no script; colours are classes of the style sheet, so that they follow light and dark.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, log10

WIDTH, NARROW, HEIGHT = 1020, 470, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 14, 28
_TICKS = 4
_ROW = 40
_LABEL_EVERY = 70
"""Pixels between labels of the horizontal axis, at least."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle, a class for its colour, and what it says."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word at a place."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a line."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a chart says, in rows."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, ready to be written. `lines` are polylines by class; `grid` horizontal lines with their labels."""

    name: str
    summary: str
    width: int
    height: int
    marks: tuple[Mark, ...]
    lines: tuple[tuple[str, tuple[Point, ...]], ...]
    grid: tuple[Label, ...]
    labels: tuple[Label, ...]
    legend: tuple[tuple[str, str], ...]
    table: Table
    left: int = _LEFT
    right: int = WIDTH - _RIGHT


def columns(
    name: str, weeks: Sequence[date], parts: Sequence[str], values: Mapping[date, Mapping[str, int]], kinds: Mapping[str, str]
) -> Chart:
    """Draw stacked columns, one a week. `kinds` maps each part to its class."""
    totals = [sum(values.get(week, {}).values()) for week in weeks]
    top = _nice(max(totals, default=0))
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(weeks))
    width = min(36.0, step * 0.72)
    marks = []
    for place, week in enumerate(weeks):
        base = float(HEIGHT - _BOTTOM)
        for part in parts:
            number = values.get(week, {}).get(part, 0)
            if not number:
                continue
            height = number / top * _room()
            base -= height
            x = _LEFT + step * place + (step - width) / 2
            marks.append(
                Mark(_r(x), _r(base), _r(width), _r(max(0.5, height - 1)), kinds[part], f"{part}, week of {week}: {number}")
            )
    rows = tuple(
        (str(week), *(str(values.get(week, {}).get(part, 0)) for part in parts), str(total))
        for week, total in zip(weeks, totals, strict=True)
    )
    return Chart(
        name=name,
        summary=f"{sum(totals)} in {len(weeks)} weeks; most in one week: {max(totals, default=0)}",
        width=WIDTH,
        height=HEIGHT,
        marks=tuple(marks),
        lines=(),
        grid=_grid(top, lambda value: f"{value:g}"),
        labels=_weeks(weeks, step),
        legend=tuple((part, kinds[part]) for part in parts),
        table=Table(("week of", *parts, "all"), rows),
    )


def trend(name: str, weeks: Sequence[date], series: Mapping[str, tuple[str, Mapping[date, float]]]) -> Chart:
    """Draw lines over weeks, in minutes. `series` maps a name to its class and values; weeks without one are left out."""
    top = _nice(max((value for _, values in series.values() for value in values.values()), default=0))
    step = (NARROW - _LEFT - _RIGHT) / max(1, len(weeks))
    lines = tuple(
        (
            kind,
            tuple(
                Point(
                    _r(_LEFT + step * (place + 0.5)),
                    _r(HEIGHT - _BOTTOM - values[week] / top * _room()),
                    f"{label}, week of {week}: {minutes(values[week])}",
                )
                for place, week in enumerate(weeks)
                if week in values
            ),
        )
        for label, (kind, values) in series.items()
    )
    rows = tuple(
        (str(week), *(minutes(values[week]) if week in values else "-" for _, values in series.values())) for week in weeks
    )
    return Chart(
        name=name,
        summary=f"{len(weeks)} weeks",
        width=NARROW,
        height=HEIGHT,
        marks=(),
        lines=lines,
        grid=_grid(top, minutes),
        labels=_weeks(weeks, step),
        legend=tuple((label, kind) for label, (kind, _) in series.items()),
        right=NARROW - _RIGHT,
        table=Table(("week of", *series), rows),
    )


def bars(name: str, values: Mapping[str, int], kind: str) -> Chart:
    """Draw horizontal bars, one a row, with name and number beside them."""
    top = max(values.values(), default=1)
    room = NARROW - 60
    marks = tuple(
        Mark(0, _ROW * place + 22, _r(max(2.0, number / top * room)), 10, kind, f"{label}: {number}")
        for place, (label, number) in enumerate(values.items())
    )
    labels = tuple(Label(0, _ROW * place + 14, label) for place, label in enumerate(values))
    numbers = tuple(
        Label(_r(mark.width + 8), mark.y + 10, str(number)) for mark, number in zip(marks, values.values(), strict=True)
    )
    return Chart(
        name=name,
        summary=f"{sum(values.values())} in all; most: {next(iter(values), 'none')}",
        width=NARROW,
        height=max(1, len(values)) * _ROW + 4,
        marks=marks,
        lines=(),
        grid=(),
        labels=(*labels, *numbers),
        legend=(),
        table=Table(("rule", "refusals"), tuple((label, str(number)) for label, number in values.items())),
    )


def minutes(value: float) -> str:
    """Write a length of time, given in minutes, in one unit."""
    for size, unit in ((1 / 60, "s"), (1.0, "min"), (60.0, "h")):
        limit = {"s": 1.0, "min": 120.0, "h": 60.0 * 48}[unit]
        if value < limit:
            return f"{value / size:.0f} {unit}"
    return f"{value / 1440:.1f} d"


def _room() -> int:
    return HEIGHT - _TOP - _BOTTOM


def _grid(top: float, write: Callable[[float], str]) -> tuple[Label, ...]:
    return tuple(
        Label(_LEFT - 8, _r(HEIGHT - _BOTTOM - _room() * number / _TICKS), write(top * number / _TICKS))
        for number in range(_TICKS + 1)
    )


def _weeks(weeks: Sequence[date], step: float) -> tuple[Label, ...]:
    every = max(1, ceil(_LABEL_EVERY / step)) if weeks else 1
    return tuple(
        Label(_r(_LEFT + step * (place + 0.5)), HEIGHT - 8, f"{week:%d %b}")
        for place, week in enumerate(weeks)
        if place % every == 0
    )


def _nice(value: float) -> float:
    """Give a round number above the value, one that divides into four."""
    if value <= _TICKS:
        return float(_TICKS)
    size = 10 ** int(log10(value))
    return float(next(size * factor for factor in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12) if size * factor >= value))


def _r(value: float) -> float:
    return round(value, 1)
