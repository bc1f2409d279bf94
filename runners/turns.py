"""Whose turn it is where one thread does everything: who has waited longest, and none behind those that take long. Pure.

What hangs cannot be cut short from outside; so what took long the last time, and what was never tried, goes into a lane of its own
and comes up for little time a round. Failing quickly costs nobody anything, and is no reason to wait.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

QUICK: Final = 2000
"""Milliseconds: what takes longer is slow until it is quicker the next time."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do for somebody. `act` raises nothing. `behind` is what keeps it waiting, if it waits: then that is slow."""

    what: str
    whom: str
    act: Callable[[], object]
    behind: str = ""

    @property
    def name(self) -> tuple[str, str]:
        """Give the name by which its turns are remembered."""
        return self.what, self.whom


@dataclass(slots=True)
class Turns:
    """Remembers when each task was last begun, and who was quick. `ticks` gives milliseconds that only grow."""

    ticks: Callable[[], int]
    _turn: int = 0
    _begun: dict[tuple[str, str], int] = field(default_factory=dict)
    _quick: set[str] = field(default_factory=set)

    def lanes(self, tasks: Iterable[Task]) -> tuple[list[Task], list[Task]]:
        """Part tasks for those who were quick the last time from the others: the slow, and whom nobody knows yet."""
        quick: list[Task] = []
        slow: list[Task] = []
        for task in tasks:
            (quick if self._quick.issuperset({task.whom, task.behind or task.whom}) else slow).append(task)
        return quick, slow

    def give(self, tasks: Sequence[Task], *, spend: int) -> None:
        """Do the tasks, longest waiting first, and begin no more of them once so many milliseconds are spent; one at least."""
        began = self.ticks()
        for task in sorted(tasks, key=lambda task: self._begun.get(task.name, -1)):
            self._do(task)
            if self.ticks() - began >= spend:
                return

    def _do(self, task: Task) -> None:
        began, self._turn = self.ticks(), self._turn + 1
        self._begun[task.name] = self._turn
        task.act()
        if self.ticks() - began <= QUICK:
            self._quick.add(task.behind or task.whom)
        else:
            self._quick.discard(task.behind or task.whom)
