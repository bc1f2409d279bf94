"""How a change stands, for the agent that proposed it: the forge's state and what runners put on the record. Pure.

Tells facts in fixed words. Reasons and the policy's text are for people, on the merge request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ports import Change, ChangeState

_NO_RUN = frozenset({None, RecordKind.ASSESSED, RecordKind.ALLOWED, RecordKind.EXPIRED})
"""Newest records of a change that people merged."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A change and its records, oldest first."""

    change: Change
    records: Sequence[Entry]

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        newest = self._newest()
        return {
            "project": self.change.ref.project,
            "iid": self.change.ref.iid,
            "url": self.change.url,
            "head": self.change.head,
            "state": self.word(),
            "decision": None if newest is None else _decision(newest),
            "records": [
                {"seq": entry.seq, "kind": entry.kind.value, "time": entry.time.isoformat(), "run": entry.run}
                for entry in self.records
            ],
        }

    def word(self) -> str:
        """Say in one word where it stands: of the record where there is one for this head, else of the forge."""
        newest, state = self._newest(), self.change.state
        kind = None if newest is None else newest.kind
        if state is ChangeState.CLOSED or (state is ChangeState.MERGED and kind in _NO_RUN):
            return state.value
        if kind is None:
            return "looking"
        return {RecordKind.ASSESSED: "waiting", RecordKind.INTENT: "running"}.get(kind, kind.value)

    def _newest(self) -> Entry | None:
        """Give the newest record of this head; what says that another question took one's place says nothing of the change."""
        ours = (entry for entry in reversed(self.records) if entry.kind is not RecordKind.SUPERSEDED)
        return next((entry for entry in ours if head_of(entry) == self.change.head), None)


def head_of(entry: Entry) -> str | None:
    """Give the head that a record is about."""
    change = entry.body.get("change")
    head = change.get("head") if isinstance(change, Mapping) else None
    return head if isinstance(head, str) else None


def _decision(entry: Entry) -> dict[str, object] | None:
    found = entry.body.get("decision")
    if not isinstance(found, Mapping):
        return None
    return {name: found.get(name) for name in ("effect", "environment", "tier", "needs")}
