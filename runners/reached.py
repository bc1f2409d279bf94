"""Words for what a run reached, or tried to: its connections together, by endpoint and verdict. Pure.

A run may try a thousand times, and choose the names; what is written of it must not grow with that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import digest_of
from countersign.domain.run import Connection

MOST: Final = 64
"""Endpoints that are named. Those that the run was let through to come first: no number of refused ones pushes them out."""

Body = dict[str, object]


@dataclass(slots=True)
class _Sums:
    """Attempts, and bytes passed on in each direction."""

    attempts: int = 0
    received: int = 0
    sent: int = 0

    def add(self, attempts: int, received: int, sent: int) -> None:
        self.attempts += attempts
        self.received += received
        self.sent += sent

    def document(self) -> Body:
        return {"attempts": self.attempts, "received": self.received, "sent": self.sent}


def reached(connections: Sequence[Connection]) -> Body:
    """Give `connections`, one for each endpoint and verdict, in the order of the first attempt, and `connections_left_out`.

    Of what is left out go in the sums, the number of endpoints, and a digest of their list in the same form.
    """
    together: dict[tuple[str, bool], _Sums] = {}
    for one in connections:
        together.setdefault((str(one.endpoint), one.allowed), _Sums()).add(1, one.received, one.sent)
    ordered = sorted(together.items(), key=lambda item: not item[0][1])
    listed: list[Body] = [{"allowed": allowed, "name": name, **sums.document()} for (name, allowed), sums in ordered]
    if len(listed) <= MOST:
        return {"connections": listed, "connections_left_out": None}
    rest = _Sums()
    for _, sums in ordered[MOST:]:
        rest.add(sums.attempts, sums.received, sums.sent)
    left = {"digest": digest_of(canonical_json(listed[MOST:])), "endpoints": len(listed) - MOST, **rest.document()}
    return {"connections": listed[:MOST], "connections_left_out": left}
