"""The keeper: sweeps every round, beats once an hour, stamps once a day, and is not ended by what fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault, LedgerFault
from runners.keeping import Keeper
from tests.fakes.ledger import FakeLedger

START = datetime(2026, 3, 1, 12, 20, tzinfo=UTC)
PROJECT, OTHER = "acme/shop", "acme/infra"
RUN = RunId("run-" + "a" * 20)


@dataclass(slots=True)
class World:
    """Two projects, their logs, a clock, and what was asked."""

    now: datetime = START
    ledgers: dict[str, FakeLedger] = field(default_factory=lambda: {PROJECT: FakeLedger(), OTHER: FakeLedger()})
    swept: list[str] = field(default_factory=list)
    stamped: list[datetime] = field(default_factory=list)
    looked: int = 0
    tidied: list[tuple[str, ...]] = field(default_factory=list)
    raises: Exception | None = None
    faults: list[Fault] = field(default_factory=list)
    serving: bool = True

    def sweep(self, project: str) -> tuple[list[Entry], list[Fault]]:
        self.swept.append(project)
        if self.raises is not None:
            raise self.raises
        return [], list(self.faults)

    def left(self) -> dict[str, list[RunId]]:
        self.looked += 1
        return {PROJECT: [RUN]} if self.looked == 1 else {}

    def tidy(self, project: str, runs: Sequence[RunId]) -> list[Fault]:
        self.tidied.append((project, *runs))
        return []

    def stamp(self, _: Ledger) -> str:
        self.stamped.append(self.now)
        return "stamped"

    def keeper(self, *, heartbeats: bool = True, stamp: Callable[[Ledger], str] | None = None) -> Keeper:
        return Keeper(
            (PROJECT, OTHER),
            self.sweep,
            self.left,
            self.tidy,
            self.ledgers.__getitem__,
            lambda: self.now,
            lambda: int(self.now.timestamp() * 1000),
            lambda: self.serving,
            heartbeats=heartbeats,
            stamp=stamp,
        )

    def go(self, keeper: Keeper, hours: float, *, minutes: float = 1) -> None:
        """Let time pass, with a round every so many minutes."""
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            keeper.round()
            self.now += timedelta(minutes=minutes)

    def beats(self, project: str = PROJECT) -> list[str]:
        return [entry.key for entry in self.ledgers[project].entries if entry.kind is RecordKind.HEARTBEAT]


def test_every_hour_has_one_heartbeat_in_every_log() -> None:
    world = World()
    world.go(world.keeper(), 3)
    wanted = [f"heartbeat/2026-03-01T{hour}" for hour in (12, 13, 14, 15)]
    assert world.beats(PROJECT) == world.beats(OTHER) == wanted


def test_a_runner_that_cannot_serve_yet_sweeps_and_does_not_beat() -> None:
    world = World(serving=False)
    keeper = world.keeper()
    world.go(keeper, 2)
    assert len(world.swept) == 2 * 120
    assert world.beats() == []
    world.serving = True
    keeper.round()
    assert world.beats() == ["heartbeat/2026-03-01T14"]


def test_two_runners_make_one_heartbeat_together() -> None:
    world = World()
    first, second = world.keeper(), world.keeper()
    for keeper in (first, second) * 2:
        keeper.round()
    assert world.beats() == ["heartbeat/2026-03-01T12"]


def test_a_log_that_is_asked_again_only_when_something_is_due() -> None:
    world = World()
    keeper = world.keeper()
    world.go(keeper, 0.1)
    asked = len(world.ledgers[PROJECT].calls)
    keeper.round()
    assert len(world.ledgers[PROJECT].calls) == asked


def test_a_heartbeat_that_failed_comes_a_few_minutes_later() -> None:
    world = World()
    world.ledgers[PROJECT].fail_next("append")
    keeper = world.keeper()
    world.go(keeper, 0.05)
    assert world.beats() == []
    assert world.beats(OTHER) == ["heartbeat/2026-03-01T12"]
    world.go(keeper, 0.1)
    assert world.beats() == ["heartbeat/2026-03-01T12"]


def test_without_heartbeats_the_log_stays_silent() -> None:
    world = World()
    world.go(world.keeper(heartbeats=False), 3)
    assert not world.ledgers[PROJECT].entries


def test_a_log_is_stamped_once_a_day_and_again_soon_after_a_failure() -> None:
    world = World()
    world.go(world.keeper(heartbeats=False, stamp=world.stamp), 49, minutes=30)
    assert len(world.stamped) == 2 * 3
    assert {moment.date() for moment in world.stamped} == {(START + timedelta(days=day)).date() for day in range(3)}

    def away(_: Ledger) -> str:
        world.stamped.append(world.now)
        raise LedgerFault("away")

    world.stamped.clear()
    world.go(world.keeper(heartbeats=False, stamp=away), 0.5)
    assert len(world.stamped) > 2 * 4


@pytest.mark.parametrize("raises", [None, ValueError("a bug")])
def test_a_sweep_that_fails_ends_neither_the_keeper_nor_its_heartbeats(raises: Exception | None) -> None:
    world = World(raises=raises, faults=[Fault("a target is away")])
    world.go(world.keeper(), 2)
    assert len(world.swept) == 2 * 120
    assert (world.looked, world.tidied) == (120, [(PROJECT, RUN)]), "once a minute, and each project for its own files"
    assert len(world.beats()) == 3


def test_a_log_that_cannot_be_read_is_asked_for_nothing_else_until_it_can() -> None:
    world = World(raises=LedgerFault("away"))
    keeper = world.keeper(stamp=world.stamp)
    world.go(keeper, 2)
    assert len(world.swept) == 2 * 120
    assert (world.beats(), world.stamped, world.tidied) == ([], [], [])
    world.raises = None
    world.go(keeper, 0.1)
    assert world.beats() == ["heartbeat/2026-03-01T14"]
    assert (len(world.stamped), world.tidied) == (2, [(PROJECT, RUN)])
