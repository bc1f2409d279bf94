"""One run on a time axis: the runner's phases, and how long each credential lived. Geometry only.

Approvals are not drawn: they came hours before, where the run took seconds. The page lists them with their times.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from countersign.adapters.pages.charts import Label, Table
from countersign.attestation.accounts.runs import Lifetime, Run

WIDTH = 1020
_LEFT, _RIGHT, _ROW, _AXIS = 160, 24, 28, 26
_THIN = 3.0
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_MOST_TICKS = 9
_PROOFS = {"dead": "revoked, then tried: dead", "unproved": "revoked, not proved", "alive": "revoked, and still alive"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One row. `faint` is the rest of a credential's term, after it was proved dead: what revocation saved."""

    name: str
    y: int
    x: float
    width: float
    faint: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Gantt:
    """A run, drawn."""

    name: str
    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]
    ticks: tuple[Label, ...]
    table: Table


def draw(run: Run) -> Gantt | None:
    """Draw a run; None where nothing of it was measured."""
    phases, lives = run.phases, run.lifetimes
    moments = [moment for phase in phases for moment in (phase.began, phase.ended)]
    moments += [moment for life in lives for moment in (life.began, life.ended or life.expires)]
    moments += [run.began] + ([run.ended] if run.ended else [])
    begin, end = min(moments), max(moments)
    if end - begin < timedelta(milliseconds=1) and not lives:
        return None
    scale = (WIDTH - _LEFT - _RIGHT) / max(0.001, (end - begin).total_seconds())
    bars = tuple(_bars(run, begin, scale))
    height = _AXIS + _ROW * len(bars) + 4
    rows = [(phase.name, _time(phase.began), _time(phase.ended), _length(phase.ended - phase.began)) for phase in phases]
    rows += [(_name(life), _time(life.began), _end(life), _how(life)) for life in lives]
    return Gantt(
        name=f"Run {run.intent.run or ''}",
        width=WIDTH,
        height=height,
        left=_LEFT,
        bars=bars,
        ticks=_ticks(begin, end, scale),
        table=Table(("what", "from", "to", "how long, how it ended"), tuple(rows)),
    )


def _bars(run: Run, begin: datetime, scale: float) -> Iterator[Bar]:
    def at(moment: datetime) -> float:
        return round(_LEFT + (moment - begin).total_seconds() * scale, 1)

    number = 0
    for phase in run.phases:
        width = max(_THIN, at(phase.ended) - at(phase.began))
        title = f"{phase.name}: {_length(phase.ended - phase.began)} from {_time(phase.began)}"
        yield Bar(phase.name, _AXIS + _ROW * number, at(phase.began), round(width, 1), 0, "phase", title)
        number += 1
    for life in run.lifetimes:
        ended = life.ended or life.expires
        width = max(_THIN, at(ended) - at(life.began))
        room = WIDTH - _RIGHT - at(ended)
        faint = max(0.0, min(room, (life.expires - ended).total_seconds() * scale))
        kind = "credential" if life.certain else "maybe"
        title = f"{_name(life)}: {_time(life.began)} to {_end(life)}, {_how(life)}"
        yield Bar(
            f"{life.provider} credential", _AXIS + _ROW * number, at(life.began), round(width, 1), round(faint, 1), kind, title
        )
        number += 1


def _ticks(begin: datetime, end: datetime, scale: float) -> tuple[Label, ...]:
    length = (end - begin).total_seconds()
    step = next((step for step in _STEPS if length / step <= _MOST_TICKS), _STEPS[-1])
    count = min(_MOST_TICKS + 1, int(length // step) + 1)
    return tuple(
        Label(round(_LEFT + number * step * scale, 1), 14, f"+{_length(timedelta(seconds=number * step))}")
        for number in range(count)
    )


def _name(life: Lifetime) -> str:
    return life.public_id or life.handle


def _end(life: Lifetime) -> str:
    return "no end on the record" if life.ended is None else _time(life.ended)


def _how(life: Lifetime) -> str:
    how = _PROOFS.get(life.proof or "", "not revoked on the record")
    if life.proof == "dead" and not life.listed:
        how = "proved dead, not listed"
    return how if life.certain else f"{how}; may never have been minted"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


def _length(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"  # noqa: PLR2004 - two hours
