"""Many logs and one keeper, on a clock that passes when something is asked: how long whoever answers waits for whoever does not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault, LedgerFault
from runners.keeping import SECONDS, Keeper
from tests.fakes.ledger import FakeLedger

START = datetime(2026, 3, 1, 12, 20, tzinfo=UTC)
HANGS = 60.0
"""Seconds after which git gives up."""

_TOO_LONG: Final = 20.0
"""Seconds from which on a call fails in the end."""

READ, PUSH, STAMP = 0.3, 0.5, 0.2
"""Seconds that a look at a log, a push and an authority take where nothing is wrong."""


class TimedLedger(FakeLedger):
    """A log on whose answers time passes."""

    def __init__(self, office: "Office", project: str) -> None:
        """Be a project's log."""
        super().__init__()
        self.project = project
        self._office = office

    def open_intents(self) -> tuple[Entry, ...]:
        """Look."""
        self._office.read(self.project)
        return super().open_intents()

    def append(self, draft: Draft, **_: object) -> Entry:
        """Look, and push."""
        self._office.push(self.project)
        return super().append(draft)


@dataclass
class Office:
    """Many projects. `reads` and `pushes` have the seconds of those that take another time than usual; the `broken` fail."""

    count: int
    reads: dict[str, float] = field(default_factory=dict)
    pushes: dict[str, float] = field(default_factory=dict)
    authority: float = STAMP
    broken: set[str] = field(default_factory=set)
    now: datetime = START

    def __post_init__(self) -> None:
        """Set up the logs and their keeper."""
        self.ledgers = {f"acme/p{number:03}": TimedLedger(self, f"acme/p{number:03}") for number in range(self.count)}
        self.swept: dict[str, list[datetime]] = {project: [] for project in self.ledgers}
        self.tried: dict[str, list[datetime]] = {project: [] for project in self.ledgers}
        self.stamped: dict[str, list[datetime]] = {project: [] for project in self.ledgers}
        self.tidied: set[str] = set()
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

    def hang(self, *, reads: Iterable[str] = (), pushes: Iterable[str] = (), seconds: float = HANGS) -> None:
        """Let what is asked of these projects hang, and fail then."""
        self.reads |= dict.fromkeys(reads, seconds)
        self.pushes |= dict.fromkeys(pushes, seconds)

    def read(self, project: str) -> None:
        """Let the time of a look pass."""
        self._pass(self.reads.get(project, READ))
        if project in self.broken:
            raise LedgerFault("the audit branch cannot be read")

    def push(self, project: str) -> None:
        """Let the time of a look and a push pass."""
        self.read(project)
        self._pass(self.pushes.get(project, PUSH))

    def sweep(self, project: str) -> tuple[list[Entry], list[Fault]]:
        """Find nothing to close."""
        self.tried[project].append(self.now)
        self.read(project)
        self.swept[project].append(self.now)
        return [], []

    def tidy(self, project: str, runs: Sequence[RunId]) -> list[Fault]:
        """Find nothing to tidy."""
        assert len(runs) == 1
        self.tidied.add(project)
        self.read(project)
        return []

    def stamp(self, ledger: Ledger) -> str:
        """Ask the authority, and push."""
        assert isinstance(ledger, TimedLedger)
        self.read(ledger.project)
        self._pass(self.authority)
        self.push(ledger.project)
        self.stamped[ledger.project].append(self.now)
        return "stamped"

    def go(self, hours: float) -> None:
        """Let the keeper go round for some hours."""
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            self.keeper.round()
            self.now += timedelta(seconds=SECONDS)

    @property
    def answer(self) -> list[str]:
        """Name those whose log can be read and written."""
        return [name for name in self.ledgers if name not in self.broken and max(self.takes(name)) < _TOO_LONG]

    @property
    def readable(self) -> list[str]:
        """Name those whose log can be read."""
        return [name for name in self.ledgers if name not in self.broken and self.takes(name)[0] < _TOO_LONG]

    def takes(self, project: str) -> tuple[float, float]:
        """Give the seconds of a look and of a push."""
        return self.reads.get(project, READ), self.pushes.get(project, PUSH)

    def late(self, since: datetime) -> timedelta:
        """Give how long after the hour the latest heartbeat of those that answer came, from a moment on; a day where one lacks."""
        full, worst = START.replace(minute=0), timedelta(0)
        while (full := full + timedelta(hours=1)) < self.now - timedelta(hours=1):
            for project in self.answer if full >= since else ():
                beats = {entry.key: entry.time for entry in self.ledgers[project].entries if entry.kind is RecordKind.HEARTBEAT}
                worst = max(worst, beats.get(f"heartbeat/{full:%Y-%m-%dT%H}", full + timedelta(days=1)) - full)
        return worst

    def unswept(self, since: datetime) -> timedelta:
        """Give the longest time for which one that can be read was not swept, from a moment on."""
        worst = timedelta(0)
        for project in self.readable:
            times = [since, *(time for time in self.swept[project] if time >= since), self.now]
            worst = max(worst, *(later - earlier for earlier, later in pairwise(times)))
        return worst

    def _pass(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if seconds >= _TOO_LONG:
            raise LedgerFault("did not answer in time")
