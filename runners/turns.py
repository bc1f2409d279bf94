"""Whose turn it is where one thread does everything. Pure.

What hangs cannot be cut short from outside. So each kind of task has a time of its own in a round, in which whoever has waited
longest comes first; and what took long the last time shares one turn a round with all that did, in which kinds take turns, too.
Failing quickly costs nobody anything, and is no reason to wait.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

LONG: Final = 15_000
"""Milliseconds: what takes more is long until it takes less the next time."""

_SHARED: Final = 30_000
"""Milliseconds of a round in which anything that takes long may be begun. So of those that hang, one is."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do for somebody. `act` raises nothing."""

    what: str
    whom: str
    act: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """Tasks of one kind. `due` gives those of now; more of them are begun until `spend` milliseconds of a round are over."""

    what: str
    due: Callable[[], Iterable[Task]]
    spend: int


@dataclass(slots=True)
class Turns:
    """Remembers when each task was last begun, and how long it took. `ticks` gives milliseconds that only grow."""

    ticks: Callable[[], int]
    _turn: int = 0
    _begun: dict[tuple[str, str], int] = field(default_factory=dict)
    _took: dict[str, dict[str, int]] = field(default_factory=dict)
    _shared: dict[str, int] = field(default_factory=dict)
    """When each kind last had the turn that those which take long share."""

    def go_round(self, kinds: Sequence[Kind]) -> None:
        """Give each kind its time, in this order, and then one of them the turn of those that take long."""
        long: dict[str, list[Task]] = {}
        for kind in kinds:
            quick: list[Task] = []
            for task in kind.due():
                (long.setdefault(kind.what, []) if self._is_long(task) else quick).append(task)
            self._give(quick, spend=kind.spend)
        if long:  # first, who was never tried: a start is to be over soon
            what = min(long, key=lambda what: self._shared.get(what, 0) if all(map(self._last, long[what])) else 0)
            self._give(long[what], spend=_SHARED)
            self._shared[what] = self._turn

    def _is_long(self, task: Task) -> bool:
        """Say what to expect of a task. One that was never tried is like the longest of theirs, and long where nothing was."""
        took = self._took.get(task.whom, {})
        return took.get(task.what, max(took.values(), default=LONG + 1)) > LONG

    def _last(self, task: Task) -> int:
        """Give the turn at which a task was last begun; 0 where it never was."""
        return self._begun.get((task.what, task.whom), 0)

    def _give(self, tasks: Sequence[Task], *, spend: int) -> None:
        """Do the tasks, longest waiting first, and begin no more of them once so many milliseconds are spent; one at least."""
        began = self.ticks()
        for task in sorted(tasks, key=self._last):
            self._do(task)
            if self.ticks() - began >= spend:
                return

    def _do(self, task: Task) -> None:
        began, self._turn = self.ticks(), self._turn + 1
        self._begun[task.what, task.whom] = self._turn
        task.act()
        self._took.setdefault(task.whom, {})[task.what] = self.ticks() - began
