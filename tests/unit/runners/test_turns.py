"""One thread keeps many logs: those that hang, fail or are many keep no other from its sweeps, heartbeats and stamps. Simulated."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault, LedgerFault
from runners.keeping import SECONDS, Keeper
from runners.turns import Task, Turns
from tests.fakes.ledger import FakeLedger

START = datetime(2026, 3, 1, 12, 20, tzinfo=UTC)
HANGS = 60.0
"""Seconds after which git gives up."""


class TimedLedger(FakeLedger):
    """A log on whose answers time passes."""

    def __init__(self, office: "Office", project: str) -> None:
        super().__init__()
        self._office, self._project = office, project

    def open_intents(self) -> tuple[Entry, ...]:
        self._office.ask(self._project)
        return super().open_intents()


@dataclass
class Office:
    """Many projects. `takes` has the seconds of those that do not answer at once; of those, `broken` only fail."""

    count: int
    takes: dict[str, float] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    now: datetime = START
    authority: float = 0.2

    def __post_init__(self) -> None:
        self.ledgers = {f"acme/p{number:03}": TimedLedger(self, f"acme/p{number:03}") for number in range(self.count)}
        self.swept: dict[str, list[datetime]] = {project: [] for project in self.ledgers}
        self.stamped: dict[str, list[datetime]] = {project: [] for project in self.ledgers}
        self.tidied: list[str] = []
        self.keeper = Keeper(
            tuple(self.ledgers),
            self.sweep,
            lambda: {project: [RunId("run-" + "a" * 20)] for project in self.ledgers},
            self.tidy,
            self.ledgers.__getitem__,
            lambda: self.now,
            lambda: int(self.now.timestamp() * 1000),
            lambda: True,
            stamp=self.stamp,
        )

    def ask(self, project: str) -> None:
        self.now += timedelta(seconds=self.takes.get(project, 0.3))
        if project in self.broken:
            raise LedgerFault("the audit branch cannot be read")

    def sweep(self, project: str) -> tuple[list[Entry], list[Fault]]:
        self.swept[project].append(self.now)
        self.ask(project)
        return [], []

    def tidy(self, project: str, runs: Sequence[RunId]) -> list[Fault]:
        assert len(runs) == 1
        self.tidied.append(project)
        self.ask(project)
        return []

    def stamp(self, ledger: Ledger) -> str:
        assert isinstance(ledger, TimedLedger)
        ledger.open_intents()
        self.now += timedelta(seconds=self.authority)
        if self.authority > 1:
            raise Fault("the authority is away")
        project = next(name for name, found in self.ledgers.items() if found is ledger)
        self.stamped[project].append(self.now)
        return "stamped"

    def hang(self, projects: Sequence[str]) -> None:
        self.broken.update(projects)
        self.takes.update(dict.fromkeys(projects, HANGS))

    def go(self, hours: float) -> None:
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            self.keeper.round()
            self.now += timedelta(seconds=SECONDS)

    @property
    def healthy(self) -> list[str]:
        return [project for project in self.ledgers if project not in self.broken]

    def late(self, since: datetime = START) -> timedelta:
        """Give how long after the hour the latest heartbeat of a healthy log came, from a moment on; none may be missing."""
        full, worst = START.replace(minute=0), timedelta(0)
        while (full := full + timedelta(hours=1)) < self.now - timedelta(hours=1):
            for project in self.healthy if full >= since else ():
                beats = {entry.key: entry.time for entry in self.ledgers[project].entries if entry.kind is RecordKind.HEARTBEAT}
                worst = max(worst, beats[f"heartbeat/{full:%Y-%m-%dT%H}"] - full)
        return worst

    def unswept(self, since: datetime) -> timedelta:
        """Give the longest time for which a healthy log was not swept, from a moment on."""
        worst = timedelta(0)
        for project in self.healthy:
            times = [since, *(time for time in self.swept[project] if time >= since), self.now]
            worst = max(worst, *(later - earlier for earlier, later in pairwise(times)))
        return worst


@pytest.mark.parametrize(
    ("count", "hanging"), [(10, 0), (10, 1), (10, 3), (10, 9), (60, 6), (60, 20), (150, 0), (150, 15), (150, 50)]
)
@pytest.mark.parametrize("first", [True, False])
def test_what_hangs_keeps_no_other_log_from_its_heartbeats_stamps_and_sweeps(count: int, hanging: int, first: bool) -> None:
    office = Office(count)
    names = list(office.ledgers)
    office.hang(names[:hanging] if first else names[count - hanging :])
    office.go(12)
    settled = START + timedelta(minutes=5 + 2 * hanging)  # by then everybody is known: unknown ones wait behind one another
    assert office.late(settled) <= timedelta(minutes=15)
    assert all(office.stamped[project] for project in office.healthy)
    assert set(office.healthy) <= set(office.tidied)
    assert office.unswept(settled) <= timedelta(minutes=5)


def test_what_hangs_is_tried_all_the_while_and_is_soon_as_good_as_the_others() -> None:
    office = Office(60)
    hanging = list(office.ledgers)[:20]
    office.hang(hanging)
    office.go(6)
    tries = [len(office.swept[project]) for project in hanging]
    assert min(tries) >= 9
    assert max(tries) - min(tries) <= 1, "one as often as the other"
    office.broken.clear()
    office.takes.clear()
    began = office.now
    office.go(3)
    assert office.unswept(began) <= timedelta(minutes=15)
    assert all(len(office.ledgers[project].entries) >= 2 for project in hanging)


def test_failing_at_once_is_no_reason_to_wait() -> None:
    """A run of such a log may hold a credential that can be revoked at any time."""
    office = Office(
        30, broken={f"acme/p{number:03}" for number in range(8)}, takes={f"acme/p{number:03}": 0.5 for number in range(8)}
    )
    office.go(2)
    assert len(office.swept["acme/p000"]) > 300
    assert office.late() <= timedelta(minutes=1)


def test_slow_logs_get_what_is_due_as_well() -> None:
    office = Office(40)
    office.takes.update(dict.fromkeys(list(office.ledgers)[:10], 8.0))
    office.go(12)
    assert office.late() <= timedelta(minutes=15)


def test_an_authority_that_hangs_delays_no_heartbeat_and_no_sweep() -> None:
    office = Office(150, authority=20)
    office.go(6)
    assert office.late() <= timedelta(minutes=15)
    assert office.unswept(START + timedelta(minutes=10)) <= timedelta(minutes=5)


def test_all_that_hang_at_once_cost_a_round_three_calls() -> None:
    office = Office(150)
    office.go(0.5)
    office.hang(list(office.ledgers))
    began = office.now
    office.keeper.round()
    assert office.now - began <= timedelta(seconds=3 * HANGS + 1)


def test_begun_longest_ago_comes_first_and_one_at_least() -> None:
    clock = [0]
    done: list[str] = []

    def act(whom: str) -> None:
        done.append(whom)
        clock[0] += 700

    def tasks(*names: str) -> list[Task]:
        return [Task("sweep", name, lambda name=name: act(name)) for name in names]  # type: ignore[misc]  # bound to its value

    turns = Turns(lambda: clock[0])
    turns.give(tasks("a", "b", "c", "d"), spend=1000)
    turns.give(tasks("a", "b", "c", "d", "e"), spend=0)
    turns.give(tasks("a", "b", "c", "d", "e"), spend=2000)
    assert "".join(done) == "ab" + "c" + "dea"
    quick, slow = turns.lanes(tasks("a", "b", "f"))
    assert ([task.whom for task in quick], [task.whom for task in slow]) == (["a", "b"], ["f"])
