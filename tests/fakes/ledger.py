"""The audit branch in memory: Ledger and LedgerReader with real record bytes, without git and without signatures.

Passes the same contract suite as the real one (tests/contract/test_ledger.py).
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from threading import Lock

from countersign.attestation import statement
from countersign.attestation.bodies import kinds
from countersign.attestation.index import LogIndex, objection
from countersign.attestation.layout import record_path
from countersign.attestation.merkle import Frontier, leaf_hash
from countersign.attestation.place import Place
from countersign.attestation.ports import HeldFault, TakenError, WaitsFor
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.ids import ChangeRef, Digest, Sha
from countersign.domain.outcomes import LedgerFault, TooLargeFault


class FakeLedger:
    """One log. Hand the same to several runners, to a reaper and to the bot, from any thread."""

    def __init__(self, *, origin: str = "https://forge.example/acme/shop.git") -> None:
        """Begin with an empty log."""
        self._origin = origin
        self._index = LogIndex()
        self._frontier = Frontier()
        self._lock = Lock()
        self._failures: list[tuple[str | None, LedgerFault | None]] = []
        self.calls: list[str] = []
        self.before_push: Callable[[Sequence[Draft]], None] | None = None
        """Called once, when a writer of several is about to push: what happens elsewhere in that moment."""
        self.after_append: Callable[[RecordKind], None] | None = None
        """Called when a record stands and its writer has not yet heard: what happens elsewhere in that moment."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Give all records in order."""
        return self._index.entries

    @property
    def kinds(self) -> list[RecordKind]:
        """Give the kinds of all records in order: the story in short."""
        return [entry.kind for entry in self._index.entries]

    def fail_next(
        self,
        method: str | None = None,
        *,
        why: str = "the audit branch is away",
        times: int = 1,
        after: int = 0,
        fault: type[LedgerFault] = LedgerFault,
    ) -> None:
        """Let the next calls (of one method) raise this fault; `after` so many that do not."""
        self._failures.extend((method, None) for _ in range(after))
        self._failures.extend((method, fault(why)) for _ in range(times))

    def find(self, key: str) -> Entry | None:
        """Give the record with this key."""
        with self._lock:
            self._called("find")
            return self._index.find(key)

    def find_all(self, keys: Collection[str]) -> dict[str, Entry]:
        """Give those records that there are of these keys, by key."""
        with self._lock:
            self._called("find_all")
            return {key: entry for key in keys if (entry := self._index.find(key)) is not None}

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        """Give all records of a change, oldest first."""
        with self._lock:
            self._called("of_change")
            return self._index.of_change(change)

    def open_intents(self) -> tuple[Entry, ...]:
        """Give the intents that no outcome follows yet, oldest first."""
        with self._lock:
            self._called("open_intents")
            return self._index.open_intents()

    def open_questions(self) -> tuple[Entry, ...]:
        """Give the questions that have no end yet, oldest first."""
        with self._lock:
            self._called("open_questions")
            return self._index.open_questions()

    def latest(self, count: int) -> tuple[Entry, ...]:
        """Give so many records, the newest, oldest first."""
        with self._lock:
            self._called("latest")
            return self._index.entries[-count:] if count > 0 else ()

    def append(self, draft: Draft, *, waits_for: WaitsFor | None = None) -> Entry:
        """Add a record."""
        entry = self._append(draft, waits_for)
        if self.after_append is not None:
            self.after_append(entry.kind)
        return entry

    def append_all(
        self, drafts: Sequence[Draft], *, waits_for: WaitsFor | None = None, together: bool = False, led: bool = False
    ) -> list[Entry | TakenError | LedgerFault]:
        """Add records one after the other."""
        act, self.before_push = self.before_push, None
        if act is not None:
            act(drafts)
        with self._lock:
            self._called("append_all")
        if together:
            return self._all_or_nothing(drafts, waits_for)
        results: list[Entry | TakenError | LedgerFault] = []
        for draft in drafts:
            if led and results and not isinstance(results[0], Entry):
                results.append(results[0])
                continue
            try:
                results.append(self.append(draft, waits_for=waits_for))
            except (TakenError, LedgerFault) as no:
                results.append(no)
        return results

    def _all_or_nothing(self, drafts: Sequence[Draft], waits_for: WaitsFor | None) -> list[Entry | TakenError | LedgerFault]:
        results: list[Entry | TakenError | LedgerFault] = []
        with self._lock:
            before, frontier, fault, silent = self._index.entries, self._frontier, None, False
            for draft in drafts:
                try:
                    silent = True
                    self._called("append")
                    silent = False
                    results.append(self._write(draft, waits_for))
                except TakenError as taken:
                    results.append(taken)
                except LedgerFault as no:
                    fault = no
                    break
            if fault is not None:
                self._index, self._frontier = LogIndex(), frontier
                for entry in before:
                    self._index.add(entry)
                if silent and not isinstance(fault, TooLargeFault):  # a remote that does not answer tells nothing of what stands
                    return [fault] * len(drafts)
                found = [self._index.find(draft.key) for draft in drafts]
                return [fault if entry is None else TakenError(entry) for entry in found]
        for result in results:
            if isinstance(result, Entry) and self.after_append is not None:
                self.after_append(result.kind)
        return results

    def _append(self, draft: Draft, waits_for: WaitsFor | None) -> Entry:
        with self._lock:
            self._called("append")
            return self._write(draft, waits_for)

    def _write(self, draft: Draft, waits_for: WaitsFor | None) -> Entry:
        taken = self._index.find(draft.key)
        if taken is not None:
            raise TakenError(taken)
        held = next(filter(waits_for, self._index.open_intents()), None) if waits_for is not None else None
        if held is not None:
            raise HeldFault(held)
        wrong = objection(self._index, kind=draft.kind, key=draft.key, change=draft.change, run=draft.run)
        if wrong is not None:
            raise LedgerFault(f"{draft.key} cannot be recorded: {wrong}")
        last = self._index.last
        happened = statement.in_utc(draft.time)
        recorded = happened if last is None else max(happened, statement.read(last.raw).predicate.recorded_time)
        place = Place(self._origin, len(self._index), None if last is None else last.digest, recorded)
        raw = statement.write(draft, place)
        kinds.check(draft.kind, statement.read(raw).predicate.body)  # outcomes, too, which the real one writes as they are
        self._frontier = self._frontier.add(leaf_hash(raw))
        commit, root = Sha(hashlib.sha1(raw, usedforsecurity=False).hexdigest()), Digest("sha256:" + self._frontier.root.hex())
        part = statement.read(raw).predicate
        path = record_path(part.recorded_time, part.seq, part.id, 0)
        entry = statement.read(raw).entry(raw, commit=commit, path=path, root=root)
        self._index.add(entry)
        return entry

    def _called(self, method: str) -> None:
        self.calls.append(method)
        for failure in self._failures:
            if failure[0] in {None, method}:
                self._failures.remove(failure)
                if failure[1] is None:
                    return
                raise failure[1]
