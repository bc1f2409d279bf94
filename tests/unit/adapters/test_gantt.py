"""What the Gantt draws, read as people read it: by its own axis, which says what a second is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.adapters.pages.gantt import Gantt, draw
from countersign.attestation.accounts.runs import Run, make_run

T = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEAR = 0.4
"""Pixels: what is drawn is rounded to a tenth, and so is the axis that it is read by."""

THIN = 3
"""Pixels that a bar has, however short it is, so that it is seen."""

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
spans = st.tuples(st.integers(0, 3_600_000), st.integers(0, 3_600_000)).map(sorted)
"""Two moments, in milliseconds since the run began."""


def at(ms: float) -> datetime:
    return T + timedelta(milliseconds=ms)


def record(kind: str, when: datetime, body: dict[str, object]) -> dict[str, object]:
    written = when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    told = {"seq": 1, "id": "x", "kind": kind, "key": "k", "time": written, "recorded_time": written}
    return {**told, "run_id": "run-a", "body": body}


def made(phases: list[list[int]], lives: list[tuple[list[int], int, str]], ended: int) -> Run:
    """Make a run of phases from one moment to another, and of credentials: minted, revoked, how long they would have lived on."""
    steps = [
        {"name": f"phase {number}", "began": at(began).isoformat(), "ms": over - began}
        for number, (began, over) in enumerate(phases)
    ]
    grants = [
        {
            "handle": f"h{number}",
            "provider": f"provider {number}",
            "minted": at(minted).isoformat(),
            "revoked": at(revoked).isoformat(),
            "expires": at(revoked + rest).isoformat(),
            "proof": proof,
        }
        for number, ((minted, revoked), rest, proof) in enumerate(lives)
    ]
    return make_run(record("intent", T, {}), record("executed", at(ended), {"timeline": steps, "grants": grants}))


def axis(drawn: Gantt) -> Callable[[datetime], float]:
    """Read the axis: where a moment stands, by the first mark and the last."""
    first, last = drawn.ticks[0], drawn.ticks[-1]
    size, unit = last.text.removeprefix("+").split()
    pixel = (last.x - first.x) / (float(size) * _SECONDS[unit])
    return lambda moment: first.x + (moment - T).total_seconds() * pixel


@given(
    phases=st.lists(spans, max_size=5),
    lives=st.lists(st.tuples(spans, st.integers(0, 3_600_000), st.sampled_from(["dead", "unproved"])), max_size=3),
    ended=st.integers(1000, 3_600_000),
)
def test_bars_begin_and_end_where_the_axis_has_their_moments(
    phases: list[list[int]], lives: list[tuple[list[int], int, str]], ended: int
) -> None:
    run = made(phases, lives, ended)
    drawn = draw(run)
    assert drawn is not None
    x = axis(drawn)
    last = max([at(ended), *(phase.ended for phase in run.phases), *(life.ended or life.expires for life in run.lifetimes)])
    edge = x(last)
    assert drawn.ticks[0].x == drawn.left
    assert drawn.width * 0.9 < edge <= drawn.width, "the axis fills the chart"
    bars, credentials = drawn.bars[: len(phases)], drawn.bars[len(phases) :]
    for bar, phase in zip(bars, run.phases, strict=True):
        assert (bar.name, bar.kind, bar.faint) == (phase.name, "phase", 0)
        assert abs(bar.x - x(phase.began)) <= NEAR
        assert abs(bar.width - max(THIN, x(phase.ended) - x(phase.began))) <= NEAR
    for bar, life, (_, _, proof) in zip(credentials, run.lifetimes, lives, strict=True):
        over = life.revoked if proof == "dead" else life.expires
        assert over is not None
        assert (bar.name, bar.kind) == (f"{life.provider} credential", "credential")
        assert abs(bar.x - x(life.began)) <= NEAR
        assert abs(bar.width - max(THIN, x(over) - x(life.began))) <= NEAR
        assert abs(bar.faint - (min(x(life.expires), edge) - x(over))) <= NEAR, "what it would have lived on, as far as drawn"
    rows = [bar.y for bar in drawn.bars]
    assert rows == sorted(set(rows))
    assert all(drawn.ticks[0].y < row < drawn.height for row in rows)


@given(length=st.integers(1000, 36 * 3_600_000))
def test_the_marks_of_the_axis_stand_at_their_times_and_not_too_close(length: int) -> None:
    drawn = draw(made([[0, length]], [], length))
    assert drawn is not None
    [bar], first = drawn.bars, drawn.ticks[0]
    assert (first.x, first.text) == (drawn.left, "+0 ms")
    assert 2 <= len(drawn.ticks) <= 10
    for number, tick in enumerate(drawn.ticks):
        size, unit = tick.text.removeprefix("+").split()
        assert abs(tick.x - first.x - float(size) * _SECONDS[unit] * 1000 / length * bar.width) <= NEAR
        assert abs(tick.x - first.x - number * (drawn.ticks[1].x - first.x)) <= 2 * NEAR
        assert tick.x <= bar.x + bar.width + NEAR


def test_one_that_nobody_saw_minted_and_that_is_open_lasts_as_long_as_it_may() -> None:
    lease = {"handle": "h", "scope": {"name": "database", "provider": "postgres", "ttl": 600}}
    drawn = draw(make_run(record("intent", T, {"leases": [lease]}), None))
    assert drawn is not None
    [bar] = drawn.bars
    assert (bar.kind, bar.x, bar.faint) == ("maybe", drawn.left, 0)
    assert abs(bar.x + bar.width - axis(drawn)(T + timedelta(seconds=600))) <= NEAR
    assert drawn.table.rows == (("h", "12:00:00", "no end on the record", "not revoked on the record; may never have been minted"),)


def test_the_table_says_what_is_drawn() -> None:
    drawn = draw(made([[0, 900], [1000, 181_000]], [([2000, 62_000], 600_000, "dead"), ([2000, 62_000], 0, "unproved")], 182_000))
    assert drawn is not None
    assert drawn.table.rows == (
        ("phase 0", "12:00:00", "12:00:00", "900 ms"),
        ("phase 1", "12:00:01", "12:03:01", "3 min"),
        ("h0", "12:00:02", "12:01:02", "revoked, then tried: dead"),
        ("h1", "12:00:02", "12:01:02", "revoked, not proved"),
    )
    assert [bar.title for bar in drawn.bars] == [
        "phase 0: 900 ms from 12:00:00",
        "phase 1: 3 min from 12:00:01",
        "h0: 12:00:02 to 12:01:02, revoked, then tried: dead",
        "h1: 12:00:02 to 12:01:02, revoked, not proved",
    ]


@pytest.mark.parametrize("ms", [0, 0.9])
def test_a_run_of_which_nothing_was_measured_is_not_drawn(ms: float) -> None:
    assert draw(make_run(record("intent", T, {}), record("failed", at(ms), {}))) is None
