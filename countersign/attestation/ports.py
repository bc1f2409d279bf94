"""The audit branch as readers and writers see it. Only runners are given a writer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from countersign.attestation.record import Draft, Entry
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import LedgerFault


class TakenError(Exception):
    """The log already holds a record with this key. `entry` is that record."""

    def __init__(self, entry: Entry) -> None:
        """Keep the record that stands."""
        super().__init__(f"{entry.key} is already on the record as number {entry.seq}")
        self.entry = entry


class HeldFault(LedgerFault):
    """What was to be recorded waits for a run that is still open. `entry` is that run's intent."""

    def __init__(self, entry: Entry) -> None:
        """Keep the intent that is waited for."""
        super().__init__(f"waits for the outcome of {entry.run}, which is not on the record yet")
        self.entry = entry


WaitsFor = Callable[[Entry], bool]
"""Says of an open intent whether what is to be recorded has to wait for its outcome."""


class LedgerReader(Protocol):
    """Reads records whose signatures and links it has verified. Raises LedgerFault when the branch is wrong or cannot be read.

    Every call sees the branch as it is at the remote now.
    """

    def find(self, key: str) -> Entry | None:
        """Give the record with this key."""
        ...

    def find_all(self, keys: Collection[str]) -> Mapping[str, Entry]:
        """Give those records that there are of these keys, by key: one look at the remote, however many they are."""
        ...

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        """Give all records of a change, oldest first."""
        ...

    def open_intents(self) -> tuple[Entry, ...]:
        """Give the intents that no outcome follows yet, oldest first."""
        ...

    def open_questions(self) -> tuple[Entry, ...]:
        """Give the questions that have no end yet, oldest first: no run took them up, and no record ended them."""
        ...

    def latest(self, count: int) -> tuple[Entry, ...]:
        """Give so many records, the newest, oldest first; all where there are fewer."""
        ...


class Ledger(LedgerReader, Protocol):
    """Also extends the log."""

    def append(self, draft: Draft) -> Entry:
        """Sign the record and push it onto the tip: durable at the remote when this returns.

        Compare-and-swap: where another writer was first, fetch, look for the key again, re-parent and sign again.

        Raises:
            TakenError: a record with this key stands already.
            LedgerFault: refused by the remote, or not accepted within a bounded number of tries. Nothing was written, unless the
                remote went silent in the middle of it: `find` tells, and so does the next `append`.
        """
        ...

    def append_all(
        self, drafts: Sequence[Draft], *, waits_for: WaitsFor | None = None, together: bool = False, led: bool = False
    ) -> Sequence[Entry | TakenError | LedgerFault]:
        """Sign several records and push them at once, in order; give for each what `append` would have given or raised.

        What cannot be recorded does not keep the others out. With `together` it does, for records that speak of one another: then
        nothing is written, and each that does not stand already gives the fault of the first that cannot be.

        With `led`, the others follow from the first, and are written only by the push that writes it. Where another record of its
        key stands, each of them gives what the first gives; where it cannot be recorded, they give its fault, or what stands.

        With `waits_for`, nothing is written behind an open intent of which it is true, and each gives HeldFault. That is asked of
        the very tip that the records are put on, so that of two writers that wait for one another's intents only one gets in.
        """
        ...
