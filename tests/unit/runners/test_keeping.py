"""The keeper: sweeps every round, beats once an hour, stamps once a day, and is not ended by what fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.outcomes import Fault, LedgerFault
from runners.keeping import Keeper
from tests.fakes.ledger import FakeLedger

START = datetime(2026, 3, 1, 12, 20, tzinfo=UTC)
PROJECT, OTHER = "acme/shop", "acme/infra"


@dataclass(slots=True)
class World:
    """Two projects, their logs, a clock, and what was asked."""

    now: datetime = START
    ledgers: dict[str, FakeLedger] = field(default_factory=lambda: {PROJECT: FakeLedger(), OTHER: FakeLedger()})
    swept: list[str] = field(default_factory=list)
    stamped: list[datetime] = field(default_factory=list)
    tidied: int = 0
    raises: Exception | None = None
    serving: bool = True

    def sweep(self, project: str) -> tuple[list[Entry], list[Fault]]:
        self.swept.append(project)
        if self.raises is not None:
            raise self.raises
        return [], []

    def tidy(self) -> list[Fault]:
        self.tidied += 1
        return []

    def stamp(self, _: Ledger) -> str:
        self.stamped.append(self.now)
        return "stamped"

    def keeper(self, *, heartbeats: bool = True, stamp: Callable[[Ledger], str] | None = None) -> Keeper:
        return Keeper(
            (PROJECT, OTHER),
            self.sweep,
            self.tidy,
            self.ledgers.__getitem__,
            lambda: self.now,
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


def test_between_two_sweeps_one_log_is_written_to_at_most() -> None:
    world = World()
    keeper = world.keeper(stamp=world.stamp)
    written = 0
    for _ in range(6):
        keeper.round()
        now = sum(len(ledger.entries) for ledger in world.ledgers.values()) + len(world.stamped)
        assert now - written <= 1
        written = now
    assert written == 4


def test_two_runners_make_one_heartbeat_together() -> None:
    world = World()
    first, second = world.keeper(), world.keeper()
    first.round()
    second.round()
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


@pytest.mark.parametrize("raises", [LedgerFault("away"), ValueError("a bug")])
def test_a_sweep_that_fails_ends_neither_the_keeper_nor_its_heartbeats(raises: Exception) -> None:
    world = World(raises=raises)
    world.go(world.keeper(), 2)
    assert len(world.swept) == 2 * 120
    assert world.tidied == 120, "once behind all projects"
    assert len(world.beats()) == 3
