"""The inlet lets through what it has written itself, and nothing else; whoever waits, waits a bounded time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.adapters.inlet import Inlet, pause
from countersign.domain.envelope import Envelope
from countersign.domain.messages import RunRequest

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Refusals:
    def __init__(self) -> None:
        self.refused: list[tuple[bytes, str]] = []
        self.ticks = 0

    def refuse(self, message: bytes, why: str) -> None:
        self.refused.append((message, why))

    def tick(self) -> None:
        self.ticks += 1


def inlet() -> tuple[Inlet, Refusals]:
    refusals = Refusals()
    return Inlet(tasks=("runners.run",), refusals=refusals, clock=lambda: NOW), refusals


def test_a_request_comes_out_as_another_message() -> None:
    request = RunRequest(project="acme/shop", iid=7)
    raw = Envelope("runners.run", request, 2).write(name="the sender's name", queue="elsewhere")
    let, refusals = inlet()
    first, second = let([b"runs.production", raw]), let((b"runs.production", raw))
    assert first is not None
    assert second is not None
    assert first[0] == b"runs.production"
    assert b"sender" not in first[1]
    assert b"elsewhere" not in first[1]
    assert first[1] != second[1], "each has a name of its own"
    assert Envelope.read(first[1], tasks=("runners.run",), now=NOW) == Envelope("runners.run", request, 2)
    assert refusals.refused == []


@given(st.binary(max_size=60))
def test_anything_else_comes_out_as_nothing(raw: bytes) -> None:
    let, refusals = inlet()
    assert let([b"runs.production", raw]) is None
    assert [message for message, _ in refusals.refused] == [raw]


def test_an_idle_queue_ticks() -> None:
    let, refusals = inlet()
    assert let(None) is None
    assert (refusals.ticks, refusals.refused) == (1, [])


@given(st.integers(), st.integers(1, 60), st.integers(60, 3600))
def test_the_tries_of_a_message_do_not_choose_the_wait(tries: int, first: int, longest: int) -> None:
    assert first <= pause(tries, first=first, longest=longest) <= longest


@pytest.mark.parametrize(("tries", "seconds"), [(0, 2), (1, 4), (7, 256), (8, 300), (10**9, 300)])
def test_the_wait_doubles_up_to_the_longest(tries: int, seconds: int) -> None:
    assert pause(tries, first=2, longest=300) == seconds
