"""What a runner does beside its work, from a thread of its own: closes what the dead left, and shows that somebody is there.

A heartbeat comes from a process that serves its queues, not from a clock beside it, which would go on when no runner does.
Sweeping comes first, since it revokes. What hangs delays the others by one call a round, however much there is (`turns.py`); what
fails is tried again later.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from countersign.attestation.ports import Ledger, TakenError
from countersign.attestation.record import Entry
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault
from countersign.domain.ports import Clock
from runners.turns import Kind, Task, Turns
from runners.upkeep import heartbeat

SECONDS = 5
"""Between two rounds."""

_FIRST: Final = 60_000
_REST: Final = 10_000
"""Milliseconds of a round in which sweeps may be begun, and heartbeats; and, each, what else is due."""

_AGAIN = timedelta(minutes=5)
_OUTBOX = timedelta(minutes=1)
"""Between two looks into the outbox."""

Act = Callable[[Ledger], object]
"""Puts something on a log. May raise a Fault; then it is tried again."""


@dataclass(slots=True)
class Keeper:
    """Keeps the logs of some projects. Not for several threads."""

    projects: Sequence[str]
    sweep: Callable[[str], tuple[list[Entry], list[Fault]]]
    """Raises a Fault where the log cannot be read; gives those of single runs."""
    left: Callable[[], Mapping[str, Sequence[RunId]]]
    """Gives files in the outbox that may be over, by the project whose log can tell."""
    tidy: Callable[[str, Sequence[RunId]], list[Fault]]
    ledger: Callable[[str], Ledger]
    clock: Clock
    ticks: Callable[[], int]
    serving: Callable[[], bool]
    """Says whether the queues are served by now: only then there is somebody of whom a heartbeat could tell."""
    heartbeats: bool = True
    stamp: Act | None = None
    _due: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _left: dict[str, Sequence[RunId]] = field(default_factory=dict)
    _away: set[str] = field(default_factory=set)
    _turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no log known to be there."""
        self._turns = Turns(self.ticks)
        self._away.update(self.projects)

    def keep(self, stop: threading.Event) -> None:
        """Go round until stopped."""
        while not stop.is_set():
            self.round()
            stop.wait(SECONDS)

    def round(self) -> None:
        """Sweep, then do what else is due, kind by kind."""
        kinds = [Kind("sweep", lambda: [self._task("sweep", project, self._swept) for project in self.projects], _FIRST)]
        if self.heartbeats:
            kinds.append(Kind("heartbeat", partial(self._duties, "heartbeat", self._beaten, _next_hour), _FIRST))
        if self.stamp is not None:
            kinds.append(Kind("timestamp", partial(self._duties, "timestamp", self.stamp, _next_day), _REST))
        self._turns.go_round([*kinds, Kind("tidy", self._tidying, _REST)])

    def _task(self, what: str, whom: str, act: Callable[[str], None]) -> Task:
        return Task(what, whom, partial(self._done, what, whom, partial(act, whom)))

    def _duties(self, what: str, act: Act, following: Callable[[datetime], datetime]) -> Iterator[Task]:
        """Give what is due on the logs now. One that the last sweep could not read is asked for nothing else until a sweep can."""
        for project in self.projects if self.serving() else ():
            if project not in self._away and self._is_due(what, project):
                yield Task(what, project, partial(self._do, what, project, act, following))

    def _tidying(self) -> list[Task]:
        """Give a task for each project that has files in the outbox; look for new ones once a minute."""
        if self._is_due("outbox", ""):
            self._due["outbox", ""] = self.clock() + _OUTBOX
            self._done("outbox", "all", lambda: self._left.update(self.left()))
        return [self._task("tidy", project, self._tidied) for project in sorted(self._left) if project not in self._away]

    def _swept(self, project: str) -> None:
        log = structlog.get_logger("countersign.sweeper")
        self._away.discard(project)
        try:
            closed, faults = self.sweep(project)
        except Fault:
            self._away.add(project)
            raise
        for entry in closed:
            log.warning("closed a run that nobody held", run=entry.run, kind=entry.kind.value, record=entry.seq)
        for problem in faults:
            log.warning("could not close a run yet", fault=str(problem))

    def _tidied(self, project: str) -> None:
        log = structlog.get_logger("countersign.sweeper")
        for problem in self.tidy(project, self._left.pop(project)):
            log.warning("could not tidy the outbox yet", project=project, fault=str(problem))

    def _beaten(self, ledger: Ledger) -> str:
        return beat(ledger, self.clock())

    def _is_due(self, what: str, project: str) -> bool:
        now = self.clock()
        return now >= self._due.get((what, project), now)

    def _do(self, what: str, project: str, act: Act, following: Callable[[datetime], datetime]) -> None:
        now = self.clock()
        done = self._done(what, project, lambda: act(self.ledger(project)))
        self._due[what, project] = following(now) if done else self.clock() + _AGAIN

    def _done(self, what: str, project: str, act: Callable[[], object]) -> bool:
        log = structlog.get_logger("countersign.keeper")
        try:
            act()
        except Fault as fault:
            log.warning("could not, will try again", what=what, project=project, fault=str(fault))
        except Exception as error:  # noqa: BLE001 - a bug of ours must not end the one who revokes for the dead
            log.error("failed, will try again", what=what, project=project, error=type(error).__name__)  # noqa: TRY400 - no traceback with values in a log
        else:
            return True
        return False


def beat(ledger: Ledger, now: datetime) -> str:
    """Put the hour's heartbeat on the record, unless it is there; say which record it is.

    Raises:
        LedgerFault: it could not be recorded.
    """
    try:
        return f"record {ledger.append(heartbeat(open_runs=len(ledger.open_intents()), now=now)).seq}: heartbeat"
    except TakenError as taken:
        return f"record {taken.entry.seq}: heartbeat of this hour, already there"


def _next_day(now: datetime) -> datetime:
    return now + timedelta(days=1)


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
