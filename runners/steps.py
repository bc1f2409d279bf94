"""Measures the six steps of a run, for the record's timeline. Decides nothing and swallows nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from countersign.domain.ports import Clock


@dataclass(frozen=True, slots=True)
class Step:
    """One step that has ended: number and name as in architecture.md, its beginning, and how long it took."""

    number: int
    name: str
    began: datetime
    milliseconds: int

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        return {"began": self.began.isoformat(), "ms": self.milliseconds, "name": self.name, "step": self.number}


@dataclass(slots=True)
class Steps:
    """The steps of one request, in the order in which they ended."""

    clock: Clock
    ticks: Callable[[], int]
    ended: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, number: int, name: str) -> Iterator[None]:
        """Measure a step, also where it fails."""
        began, start = self.clock(), self.ticks()
        try:
            yield
        finally:
            self.ended.append(Step(number, name, began, self.ticks() - start))

    def document(self) -> list[dict[str, object]]:
        """Give the timeline as plain data."""
        return [step.document() for step in self.ended]
