"""Where deliveries come in: verified, seen only once, handed over durably. Knows no HTTP beyond a status.

The forge sends again whatever it got no 2xx for, so "could not" is a 503 and leaves no mark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from bot.ports import Deliveries, Queue
from bot.webhooks import gitlab
from bot.webhooks.events import Event, HookSecret, Ignored, Rejected
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import Fault
from countersign.domain.ports import Clock


class Verdict(StrEnum):
    """What became of a delivery."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told. `why` is safe to show to anybody."""

    verdict: Verdict
    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Door:
    """Takes deliveries for the projects whose secrets it holds. May be shared between threads."""

    secrets: Sequence[HookSecret]
    branch: str
    deliveries: Deliveries
    queue: Queue
    clock: Clock

    def take(self, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Answer:
        """Take one delivery. Never raises for anything that a sender can do."""
        log = structlog.get_logger("countersign.bot")
        match gitlab.parse(headers, body, secrets=self.secrets, now=self.clock()):
            case Rejected(status=status, why=why):
                log.warning("rejected a delivery", status=status, why=why)
                return Answer(Verdict.REJECTED, status, why)
            case Ignored(project=project, why=why):
                log.info("ignored a delivery", project=project, why=why)
                return Answer(Verdict.IGNORED, 200, why)
            case Event() as event if event.iid is None and event.branch != self.branch:
                return Answer(Verdict.IGNORED, 200, "not about the protected branch")
            case Event() as event:
                return self._hand_over(event)

    def _hand_over(self, event: Event) -> Answer:
        log = structlog.get_logger("countersign.bot").bind(project=event.project, iid=event.iid, delivery=event.delivery)
        try:
            if not self.deliveries.first(event.project, event.delivery):
                log.info("seen before")
                return Answer(Verdict.DUPLICATE, 200, "seen before")
        except Fault as fault:
            return self._could_not(fault)
        try:
            if event.iid is None:
                self.queue.reconcile(event.project)
            else:
                self.queue.look(ChangeRef(event.project, event.iid))
        except Fault as fault:
            self.deliveries.forget(event.project, event.delivery)
            return self._could_not(fault)
        log.info("taken")
        return Answer(Verdict.TAKEN, 202, "taken")

    def _could_not(self, fault: Fault) -> Answer:
        structlog.get_logger("countersign.bot").error("could not take a delivery", fault=str(fault))
        return Answer(Verdict.UNAVAILABLE, 503, "could not be handed over; send it again")
