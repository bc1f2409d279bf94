"""The Outbox port in memory: survives the runner, as a disk does, and has room or none, as a disk has.

Passes the same contract suite as the real one (tests/contract/test_outbox.py).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault
from tests.builders import NOON

Method = Literal["reserve", "put", "swap", "get", "runs"]


class FakeOutbox:
    """What is in it, by run; `put_in` lists all that was ever put into it. On a `full` disk only what was reserved has room."""

    def __init__(self, clock: Callable[[], datetime] = lambda: NOON) -> None:
        """Begin with an empty disk, whose files have the times of this clock."""
        self._clock = clock
        self.touched: dict[RunId, datetime] = {}
        self.kept: dict[RunId, Mapping[str, object]] = {}
        self.put_in: list[object] = []
        self.reserved: set[RunId] = set()
        self.full = False
        self.act: Callable[[], None] | None = None
        """Called when room is made: what happens elsewhere in that moment."""
        self._failures: list[Method] = []

    def fail_next(self, method: Method, *, times: int = 1) -> None:
        """Let the next calls fail, whatever room there is."""
        self._failures.extend(method for _ in range(times))

    def reserve(self, run: RunId, first: Mapping[str, object]) -> None:
        """Make room."""
        self._called("reserve", room=not self.full or run in self.reserved)
        self._touch(run)
        self.kept.setdefault(run, first)
        if self.act is not None:
            self.act()

    def put(self, run: RunId, result: Mapping[str, object]) -> None:
        """Keep a result."""
        self._called("put", room=not self.full or run in self.reserved)
        self._touch(run)
        self.kept[run] = result
        self.put_in.append(result)

    def swap(self, run: RunId, old: Mapping[str, object] | None, new: Mapping[str, object]) -> bool:
        """Put something in the place of something."""
        self._called("swap")
        if run not in self.reserved or self.kept.get(run) != old:
            return False
        self._touch(run)
        self.kept[run] = new
        self.put_in.append(new)
        return True

    def get(self, run: RunId) -> Mapping[str, object] | None:
        """Give what was kept."""
        self._called("get")
        return self.kept.get(run)

    def runs(self) -> dict[RunId, datetime]:
        """List the runs that take up room, each with the time of its file."""
        self._called("runs")
        return {run: self.touched[run] for run in sorted(self.reserved)}

    def drop(self, run: RunId, kept: Mapping[str, object] | None) -> bool:
        """Forget it where this is kept."""
        if run in self.reserved and self.kept.get(run) != kept:
            return False
        self.kept.pop(run, None)
        self.reserved.discard(run)
        return True

    def _touch(self, run: RunId) -> None:
        self.reserved.add(run)
        self.touched[run] = self._clock()

    def _called(self, method: Method, *, room: bool = True) -> None:
        if method in self._failures:
            self._failures.remove(method)
            raise Fault(f"the outbox: {method} failed")
        if not room:
            raise Fault("the outbox has no room")
