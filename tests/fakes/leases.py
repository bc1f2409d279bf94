"""The Leases port in memory. Passes the same contract suite as Redis (tests/contract/test_leases.py)."""

from collections.abc import Iterator
from contextlib import contextmanager

from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault


class FakeLeases:
    """Who is at work on a run. Share one between runners; set `away` to let every call fail, as without Redis."""

    def __init__(self) -> None:
        """Begin with nobody at work."""
        self.away = False
        self._held: set[RunId] = set()

    def take(self, run: RunId) -> None:
        """Let somebody else hold the run."""
        self._held.add(run)

    def drop(self, run: RunId) -> None:
        """Let whoever holds the run die."""
        self._held.discard(run)

    @contextmanager
    def hold(self, run: RunId) -> Iterator[bool]:
        """Hold the run for as long as the context lasts, if nobody does."""
        self._reach()
        if run in self._held:
            yield False
            return
        self._held.add(run)
        try:
            yield True
        finally:
            self._held.discard(run)

    def held(self, run: RunId) -> bool:
        """Say whether somebody holds the run."""
        self._reach()
        return run in self._held

    def _reach(self) -> None:
        if self.away:
            raise Fault("no lease store")
