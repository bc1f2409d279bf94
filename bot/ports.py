"""What the bot asks of Redis: memory that may be lost, and queues. Every method raises Fault where it does not answer."""

from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from countersign.domain.ids import ChangeRef, Digest


class Deliveries(Protocol):
    """Remembers which deliveries were taken. Losing it means that one is looked at twice, which does no harm."""

    def first(self, project: str, delivery: str) -> bool:
        """Say whether this is the first time, and remember."""
        ...

    def forget(self, project: str, delivery: str) -> None:
        """Let the same delivery come again: it could not be handed over. Where even this fails, reconciling repairs it."""
        ...


class Keys(Protocol):
    """Remembers what an `Idempotency-Key` was first used for."""

    def claim(self, agent: str, key: str, content: Digest) -> bool:
        """Say whether the key is new or stands for this very content, and remember."""
        ...


class Mark(StrEnum):
    """What is remembered of a change."""

    REFLECTED = "reflected"
    SENT = "sent"


class Marks(Protocol):
    """Remembers how a change stood when something was last done about it, for as long as that stays good."""

    def seen(self, mark: Mark, change: ChangeRef) -> Digest | None:
        """Give how it stood; None where that is not known, or no longer good."""
        ...

    def keep(self, mark: Mark, change: ChangeRef, stood: Digest, *, good: timedelta) -> None:
        """Remember how it stands."""
        ...


class Queue(Protocol):
    """Hands references on. Durable at the broker when a method returns."""

    def look(self, change: ChangeRef, *, seconds: int = 0) -> None:
        """Ask the bot's own worker to look at a change, so many seconds from now."""
        ...

    def reconcile(self, project: str) -> None:
        """Ask the bot's own worker to look at all open changes of a project."""
        ...

    def run(self, change: ChangeRef, environment: str | None) -> None:
        """Ask the runners of an environment to look at a change; those of any, where it is None."""
        ...
