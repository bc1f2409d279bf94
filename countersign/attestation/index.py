"""The records of one log, found by key and by change, and the rules that hold between records.

Checks that keys are unique and that an outcome follows its intent. Does not check bytes, links or signatures (`chain.py`).
"""

from typing import Protocol

from countersign.attestation.questions import binding_of, unended
from countersign.attestation.record import ABOUT_A_CHANGE, GIVEN_UP, OUTCOMES, Entry, RecordKind
from countersign.domain.ids import ChangeRef, RunId
from countersign.domain.promoted import promoted_key


class Known(Protocol):
    """What the rules need to know of the records before."""

    def seq_of(self, key: str) -> int | None:
        """Give the number of the record with this key."""
        ...

    def opened(self, run: RunId) -> tuple[ChangeRef | None] | None:
        """Give the change of the run's intent, if no outcome follows it yet; None where no intent is open."""
        ...


class Noted(Protocol):
    """What the rules look at in a record."""

    @property
    def seq(self) -> int:
        """Give its number."""
        ...

    @property
    def kind(self) -> RecordKind:
        """Give its kind."""
        ...

    @property
    def key(self) -> str:
        """Give its key."""
        ...

    @property
    def change(self) -> ChangeRef | None:
        """Give its change."""
        ...

    @property
    def run(self) -> RunId | None:
        """Give its run."""
        ...


class Records(Known, Protocol):
    """Also grows: what a chain keeps its records in."""

    def add(self, entry: Entry) -> None:
        """Take in the next record, to which the rules do not object."""
        ...


def objection(known: Known, *, kind: RecordKind, key: str, change: ChangeRef | None, run: RunId | None) -> str | None:
    """Say why a record of this kind cannot be the next one; None where it can."""
    taken = known.seq_of(key)
    if taken is not None:
        return f"the key {key} is already that of record {taken}"
    if kind is RecordKind.INTENT:
        fits = run and change and key == f"intent/{run}"
        return None if fits else "an intent names its change and its run, and has the run's key"
    return _misplaced(known, key, change, run) if kind in OUTCOMES else _unfit(known, kind, key, change, run)


def _misplaced(known: Known, key: str, change: ChangeRef | None, run: RunId | None) -> str | None:
    if run is None or key != f"outcome/{run}":
        return "an outcome names its run, and has the run's key"
    intended = known.opened(run)
    if intended is None:
        return f"no open intent for the outcome of {run}"
    return None if intended == (change,) else f"intent and outcome of {run} name different changes"


def _unfit(known: Known, kind: RecordKind, key: str, change: ChangeRef | None, run: RunId | None) -> str | None:
    if run is not None or not key.startswith(f"{kind.value}/"):
        return f"a record of kind {kind.value} has no run, and a key that begins with {kind.value}/"
    if kind in ABOUT_A_CHANGE and change is None:
        return f"a record of kind {kind.value} names its change"
    if kind in GIVEN_UP and known.seq_of(f"assessed/{binding_of(key)}") is None:
        return f"no question {binding_of(key)} was assessed that could be {kind.value}"
    if kind is RecordKind.DEMOTED and known.seq_of(promoted_key(binding_of(key))) is None:
        return f"nothing was promoted as {binding_of(key)} that could be demoted"
    return None


class LogIndex:
    """Every record in memory. Grows by one record at a time; nothing is ever taken out."""

    def __init__(self) -> None:
        """Begin with an empty log."""
        self._entries: list[Entry] = []
        self._by_key: dict[str, Entry] = {}
        self._by_change: dict[ChangeRef, list[Entry]] = {}
        self._open: dict[RunId, Entry] = {}

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

    def seq_of(self, key: str) -> int | None:
        """Give the number of the record with this key."""
        entry = self._by_key.get(key)
        return None if entry is None else entry.seq

    def opened(self, run: RunId) -> tuple[ChangeRef | None] | None:
        """Give the change of the run's intent, if no outcome follows it yet."""
        entry = self._open.get(run)
        return None if entry is None else (entry.change,)

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        """Give all records of a change, oldest first."""
        return tuple(self._by_change.get(change, ()))

    def open_intents(self) -> tuple[Entry, ...]:
        """Give the intents that no outcome follows yet, oldest first."""
        return tuple(self._open.values())

    def open_questions(self) -> tuple[Entry, ...]:
        """Give the questions that have no end yet, oldest first."""
        found = (question for records in self._by_change.values() for question in unended(records))
        return tuple(sorted(found, key=lambda question: question.seq))

    def add(self, entry: Entry) -> None:
        """Take in the next record.

        Raises:
            ValueError: it is not the next one, or a rule objects.
        """
        wrong = objection(self, kind=entry.kind, key=entry.key, change=entry.change, run=entry.run)
        if wrong is not None or entry.seq != len(self._entries):
            raise ValueError(wrong or f"record {entry.seq} is not the next one")
        self._entries.append(entry)
        self._by_key[entry.key] = entry
        if entry.change is not None:
            self._by_change.setdefault(entry.change, []).append(entry)
        if entry.run is not None and entry.kind is RecordKind.INTENT:
            self._open[entry.run] = entry
        elif entry.run is not None:
            del self._open[entry.run]


class Nothing:
    """Knows no record."""

    def seq_of(self, key: str) -> int | None:  # noqa: ARG002 - none is known
        """Give None."""
        return None

    def opened(self, run: RunId) -> tuple[ChangeRef | None] | None:  # noqa: ARG002 - none is open
        """Give None."""
        return None


class Keys:
    """Only what the rules ask for, on top of records known elsewhere, if there are any.

    Holds a batch, which stands or falls as a whole; or a log too large to hold.
    """

    def __init__(self, below: Known | None = None) -> None:
        """Begin with nothing on top."""
        self._below = below or Nothing()
        self._seqs: dict[str, int] = {}
        self._opened: dict[RunId, tuple[ChangeRef | None] | None] = {}

    def seq_of(self, key: str) -> int | None:
        """Give the number of the record with this key."""
        return self._seqs[key] if key in self._seqs else self._below.seq_of(key)

    def opened(self, run: RunId) -> tuple[ChangeRef | None] | None:
        """Give the change of the run's intent, if no outcome follows it yet."""
        return self._opened[run] if run in self._opened else self._below.opened(run)

    def add(self, entry: Noted) -> None:
        """Take in the next record."""
        self._seqs[entry.key] = entry.seq
        if entry.run is not None:
            self._opened[entry.run] = (entry.change,) if entry.kind is RecordKind.INTENT else None
