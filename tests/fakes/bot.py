"""The bot's ports in memory: what Redis remembers, and the queues. `away` takes them away.

The memories pass the same contract suite as Redis' (tests/contract/test_bot_memory.py).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.ports import Mark
from countersign.domain.ids import ChangeRef, Digest
from countersign.domain.outcomes import Fault
from countersign.domain.ports import Clock
from tests.builders import NOON


@dataclass
class Away:
    """Something that can be taken away."""

    away: bool = False

    def answer(self) -> None:
        if self.away:
            raise Fault("away")


@dataclass
class FakeDeliveries(Away):
    """The Deliveries port; does not forget by itself."""

    known: set[tuple[str, str]] = field(default_factory=set)

    def first(self, project: str, delivery: str) -> bool:
        self.answer()
        new = (project, delivery) not in self.known
        self.known.add((project, delivery))
        return new

    def forget(self, project: str, delivery: str) -> None:
        if not self.away:
            self.known.discard((project, delivery))


@dataclass
class FakeKeys(Away):
    """The Keys port; does not forget by itself."""

    known: dict[tuple[str, str], Digest] = field(default_factory=dict)

    def claim(self, agent: str, key: str, content: Digest) -> bool:
        self.answer()
        return self.known.setdefault((agent, key), content) == content


@dataclass(frozen=True)
class Kept:
    """One mark: how the change stood, for how long that is good, and until when that is."""

    stood: Digest
    good: timedelta
    until: datetime


@dataclass
class FakeMarks(Away):
    """The Marks port; marks expire by the clock that it is given."""

    clock: Clock = lambda: NOON
    known: dict[tuple[Mark, ChangeRef], Kept] = field(default_factory=dict)

    def seen(self, mark: Mark, change: ChangeRef) -> Digest | None:
        self.answer()
        found = self.known.get((mark, change))
        return None if found is None or self.clock() >= found.until else found.stood

    def keep(self, mark: Mark, change: ChangeRef, stood: Digest, *, good: timedelta) -> None:
        self.answer()
        self.known[mark, change] = Kept(stood, good, self.clock() + good)


@dataclass
class FakeQueue(Away):
    """The Queue port: remembers what was handed on, as tuples that begin with the method's name."""

    sent: list[tuple[object, ...]] = field(default_factory=list)

    def look(self, change: ChangeRef, *, seconds: int = 0) -> None:
        self.answer()
        self.sent.append(("look", change, seconds))

    def reconcile(self, project: str) -> None:
        self.answer()
        self.sent.append(("reconcile", project))

    def run(self, change: ChangeRef, environment: str | None) -> None:
        self.answer()
        self.sent.append(("run", change, environment))

    def runs(self) -> list[tuple[ChangeRef, str | None]]:
        """Give what was handed to runners."""
        return [(item[1], item[2]) for item in self.sent if item[0] == "run"]  # type: ignore[misc]  # tuples of one shape
