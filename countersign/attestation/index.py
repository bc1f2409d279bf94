"""The records of one log, found by key and by change, and the rules that hold between records.

Checks that keys are unique and that an outcome follows its intent. Does not check bytes, links or signatures (`chain.py`).
"""

from collections.abc import Mapping

from countersign.attestation.record import OUTCOMES, Entry, RecordKind
from countersign.domain.ids import ChangeRef, RunId


class LogIndex:
    """Grows by one record at a time; nothing is ever taken out."""

    def __init__(self) -> None:
        """Begin with an empty log."""
        self._entries: list[Entry] = []
        self._by_key: dict[str, Entry] = {}
        self._by_change: dict[ChangeRef, list[Entry]] = {}
        self._open: dict[RunId, Entry] = {}
        self._emergencies: list[Entry] = []

    def __len__(self) -> int:
        """Count the records."""
        return len(self._entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Give all records in order."""
        return tuple(self._entries)

    @property
    def last(self) -> Entry | None:
        """Give the newest record; None in an empty log."""
        return self._entries[-1] if self._entries else None

    def at(self, seq: int) -> Entry | None:
        """Give the record with this number."""
        return self._entries[seq] if 0 <= seq < len(self._entries) else None

    def find(self, key: str) -> Entry | None:
        """Give the record with this key."""
        return self._by_key.get(key)

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        """Give all records of a change, oldest first."""
        return tuple(self._by_change.get(change, ()))

    def emergencies(self) -> tuple[Entry, ...]:
        """Give the intents of runs that an emergency let through a freeze, oldest first."""
        return tuple(self._emergencies)

    def open_intents(self) -> tuple[Entry, ...]:
        """Give the intents that no outcome follows yet, oldest first."""
        return tuple(self._open.values())

    def objection(self, *, kind: RecordKind, key: str, change: ChangeRef | None, run: RunId | None) -> str | None:
        """Say why a record of this kind cannot be the next one; None where it can."""
        if key in self._by_key:
            return f"the key {key} is already that of record {self._by_key[key].seq}"
        if kind is RecordKind.INTENT:
            return (
                None
                if run and change and key == f"intent/{run}"
                else "an intent names its change and its run, and has the run's key"
            )
        if kind not in OUTCOMES:
            wrong = run is not None or not key.startswith(f"{kind.value}/")
            return f"a record of kind {kind.value} has no run, and a key that begins with {kind.value}/" if wrong else None
        if run is None or key != f"outcome/{run}":
            return "an outcome names its run, and has the run's key"
        intent = self._open.get(run)
        if intent is None:
            return f"no open intent for the outcome of {run}"
        return None if intent.change == change else f"intent and outcome of {run} name different changes"

    def add(self, entry: Entry) -> None:
        """Take in the next record.

        Raises:
            ValueError: it is not the next one, or a rule objects.
        """
        objection = self.objection(kind=entry.kind, key=entry.key, change=entry.change, run=entry.run)
        if objection is not None or entry.seq != len(self._entries):
            raise ValueError(objection or f"record {entry.seq} is not the next one")
        self._entries.append(entry)
        self._by_key[entry.key] = entry
        if entry.change is not None:
            self._by_change.setdefault(entry.change, []).append(entry)
        if entry.run is not None and entry.kind is RecordKind.INTENT:
            self._open[entry.run] = entry
            decision = entry.body.get("decision")
            if isinstance(decision, Mapping) and decision.get("emergency") is not None:
                self._emergencies.append(entry)
        elif entry.run is not None:
            del self._open[entry.run]
