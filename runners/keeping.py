"""What a runner does beside its work, from a thread of its own: closes what the dead left, and shows that somebody is there.

A heartbeat comes from a process that serves its queues, not from a clock beside it, which would go on when no runner does.
Sweeping comes first, since it revokes: between two sweeps one log is written to at most, and what fails is tried again later.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from countersign.attestation.ports import Ledger, TakenError
from countersign.attestation.record import Entry
from countersign.domain.outcomes import Fault
from countersign.domain.ports import Clock
from runners.upkeep import heartbeat

SECONDS = 5
"""Between two rounds."""

_AGAIN = timedelta(minutes=5)

Act = Callable[[Ledger], object]
"""Puts something on a log. May raise a Fault; then it is tried again."""


@dataclass(slots=True)
class Keeper:
    """Keeps the logs of some projects. Not for several threads."""

    projects: Sequence[str]
    sweep: Callable[[str], tuple[list[Entry], list[Fault]]]
    tidy: Callable[[], list[Fault]]
    ledger: Callable[[str], Ledger]
    clock: Clock
    serving: Callable[[], bool]
    """Says whether the queues are served by now: only then there is somebody of whom a heartbeat could tell."""
    heartbeats: bool = True
    stamp: Act | None = None
    _due: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def keep(self, stop: threading.Event) -> None:
        """Go round until stopped."""
        while not stop.is_set():
            self.round()
            stop.wait(SECONDS)

    def round(self) -> None:
        """Sweep every project, tidy up behind all of them, then do one thing that is due."""
        for project in self.projects:
            self._done("sweep", project, partial(self._swept, project))
        self._done("tidy", "all", self._tidied)
        if self.serving():
            any(self._did(what, project, act, following) for project in self.projects for what, act, following in self._duties())

    def _duties(self) -> Iterator[tuple[str, Act, Callable[[datetime], datetime]]]:
        if self.heartbeats:
            yield "heartbeat", self._beaten, _next_hour
        if self.stamp is not None:
            yield "timestamp", self.stamp, _next_day

    def _swept(self, project: str) -> None:
        log = structlog.get_logger("countersign.sweeper")
        closed, faults = self.sweep(project)
        for entry in closed:
            log.warning("closed a run that nobody held", run=entry.run, kind=entry.kind.value, record=entry.seq)
        for problem in faults:
            log.warning("could not close a run yet", fault=str(problem))

    def _tidied(self) -> None:
        log = structlog.get_logger("countersign.sweeper")
        for problem in self.tidy():
            log.warning("could not tidy the outbox yet", fault=str(problem))

    def _beaten(self, ledger: Ledger) -> str:
        return beat(ledger, self.clock())

    def _did(self, what: str, project: str, act: Act, following: Callable[[datetime], datetime]) -> bool:
        """Do it, if it is due; say whether it was."""
        now = self.clock()
        due = now >= self._due.get((what, project), now)
        if due:
            done = self._done(what, project, lambda: act(self.ledger(project)))
            self._due[what, project] = following(now) if done else now + _AGAIN
        return due

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
