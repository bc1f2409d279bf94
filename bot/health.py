"""Says whether the bot can do its work: what it leans on is asked at most every few seconds, however often the question comes."""

from collections.abc import Callable, Mapping
from threading import Lock

from countersign.domain.outcomes import Fault

Check = Callable[[], object]
"""Something that raises Fault where a part does not answer."""


class Readiness:
    """Keeps the last answer for a few seconds, so that asking costs the forge nothing. May be shared between threads."""

    def __init__(self, checks: Mapping[str, Check], *, ticks: Callable[[], float], good_for: float = 5) -> None:
        """Name the parts and how each is asked; `good_for` is in seconds, as `ticks` counts them."""
        self._checks = dict(checks)
        self._ticks = ticks
        self._good_for = good_for
        self._lock = Lock()
        self._asked: float | None = None
        self._missing: tuple[str, ...] = ()

    def missing(self) -> tuple[str, ...]:
        """Name the parts that do not answer; none where all is well. Says no more of them: anybody may ask."""
        with self._lock:
            now = self._ticks()
            if self._asked is None or now - self._asked >= self._good_for:
                self._missing = tuple(name for name, check in self._checks.items() if not _answers(check))
                self._asked = now
            return self._missing


def _answers(check: Check) -> bool:
    try:
        check()
    except Fault:
        return False
    return True
