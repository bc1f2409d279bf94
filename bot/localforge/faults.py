"""What tests can make go wrong. Keeps the switches; `api/router.py`, `deliveries.py` and `changes.py` ask for them."""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

KINDS = frozenset({"status", "slow", "lost", "empty", "hooks-duplicated", "hooks-reordered", "hooks-lost", "push-late"})
"""`status` answers with an error status; `slow` waits first; `lost` acts and then drops the connection; `empty` gives an empty
list; `hooks-…` bend the next webhooks; `push-late` lets merge requests see the next push only after a while."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch: for the next `times` requests (webhooks, pushes) that match. `path` is a pattern for the whole path."""

    kind: str
    times: int = 1
    method: str = ""
    path: str = ".*"
    status: int = 503
    retry_after: int | None = None
    seconds: float = 0.0

    def matches(self, method: str, path: str) -> bool:
        """Say whether a request is meant."""
        return self.method in {"", method} and re.fullmatch(self.path, path) is not None


class Faults:
    """The switches that are set. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def set(self, fault: Fault) -> None:
        """Set one more."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Take all back."""
        with self._lock:
            self._faults.clear()

    def waiting(self) -> tuple[Fault, ...]:
        """Give those that are still to come."""
        with self._lock:
            return tuple(self._faults)

    def take(self, kinds: Sequence[str], *, method: str = "", path: str = "") -> Fault | None:
        """Give the first that applies, and count it."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.kind in kinds and fault.matches(method, path):
                    self._faults[place] = replace(fault, times=fault.times - 1)
                    if fault.times <= 1:
                        del self._faults[place]
                    return fault
        return None
