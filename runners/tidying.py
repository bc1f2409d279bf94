"""Removes from the outbox what nobody will ask for again: a runner that died before the intent or behind the outcome left its file.

A disk full of such files stops every run. What a file says of its project's run is asked of that project's log alone, in one look
for all of its files, and of a bounded number of files at a time. Safe beside living runners: it touches no run that is held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault
from runners.announced import is_marked, project_of
from runners.closing import Closer
from runners.ports import Leases

MOST: Final = 200
"""Files that are looked at in one go; the rest follow."""

_YOUNG: Final = timedelta(seconds=20)
"""A file this young is left alone even where nobody holds its run: its intent may be on the way, and Redis have been emptied."""

Known = Mapping[str, tuple[Ledger, Entry]]
"""Records by their keys, each with the log that has it."""


@dataclass(slots=True)
class Tidier:
    """Tidies one outbox. Remembers how far it has looked, and nothing else."""

    closer: Closer
    leases: Leases
    _after: RunId = field(default=RunId(""))

    def left(self) -> dict[str, list[RunId]]:
        """Give the next files that are not young, by the project that each names; "" for those that name none.

        Raises:
            Fault: the disk cannot be read.
        """
        now = self.closer.clock()
        old = [run for run, touched in self.closer.outbox.runs().items() if now - touched >= _YOUNG]
        following = sorted(old, key=lambda run: (run <= self._after, run))[:MOST]
        found: dict[str, list[RunId]] = {}
        for run in following:
            found.setdefault(self._project(run), []).append(run)
            self._after = run
        return found

    def tidy(self, project: str, runs: Sequence[RunId], ledgers: Mapping[str, Ledger]) -> list[Fault]:
        """Remove those of a project's files that are over; give the faults of what must wait. `ledgers` are all of this runner.

        Those that name no project are of an earlier version, or empty, or not whole: every log is asked for them. Those of a
        project that is served no more stay, since their intents may be open there.
        """
        asked = list(ledgers.values()) if not project else [ledgers[project]] if project in ledgers else []
        known: dict[str, tuple[Ledger, Entry]] = {}
        faults: list[Fault] = []
        keys = [f"{what}/{run}" for run in runs for what in ("intent", "outcome")]
        for ledger in asked:
            try:
                known |= {key: (ledger, entry) for key, entry in ledger.find_all(keys).items()}
            except Fault as fault:
                faults.append(fault)
        whole = bool(asked) and not faults
        for run in runs if known or whole else ():
            try:
                with self.leases.hold(run) as mine:
                    if mine:
                        self._end(run, known, whole=whole)
            except Fault as fault:
                faults.append(fault)
        return faults

    def tidy_all(self, ledgers: Mapping[str, Ledger]) -> list[Fault]:
        """Go through all of the next files at once, project by project; give the faults of what must wait."""
        try:
            left = self.left()
        except Fault as fault:
            return [fault]
        return [fault for project, runs in sorted(left.items()) for fault in self.tidy(project, runs, ledgers)]

    def _end(self, run: RunId, known: Known, *, whole: bool) -> None:
        """Forget a run that has ended, or was never announced. `whole` says whether every log that was to be asked has answered."""
        done, intent = known.get(f"outcome/{run}"), known.get(f"intent/{run}")
        if done is not None and intent is not None and done[1].kind is RecordKind.LOST:
            self.closer.settle(done[0], intent[1], done[1])
        elif done is not None:
            self.closer.outbox.drop(run, self.closer.outbox.get(run))
        elif intent is None and whole:
            kept = self.closer.outbox.get(run)
            if kept is None or is_marked(kept):
                self.closer.outbox.drop(run, kept)

    def _project(self, run: RunId) -> str:
        try:
            return project_of(self.closer.outbox.get(run))
        except Fault:  # told where it is looked at
            return ""
