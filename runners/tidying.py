"""Removes from the outbox what nobody will ask for again: a runner that died before the intent or behind the outcome left its file.

A disk full of such files stops every run. What a file says of its project's run is asked of that project's log alone, in one look
for all of its files; the rest is bounded by time. Safe beside living runners: it touches no run that is held.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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

SETTLED: Final = timedelta(hours=2)
"""To a file whose run is not on the record nothing was done for so long before the log was asked: then no intent is on its way.

Longer than an append goes on (half an hour, and the try that it is in), and than a server takes to end what its client gave up. An
append that began later has made its file younger. So no lease is needed for it to be true, and none that is lost makes it false.
"""

_SPEND: Final = 10_000
"""Milliseconds for what is done to the files of one project; the rest follow."""


@dataclass(slots=True)
class Tidier:
    """Tidies one outbox. Remembers how far it has looked, and which logs a file without a project waits for."""

    closer: Closer
    leases: Leases
    _after: RunId = field(default=RunId(""))
    _unasked: dict[RunId, set[str]] = field(default_factory=dict)

    def left(self, served: Collection[str]) -> dict[str, list[RunId]]:
        """Give the next files, by the projects whose logs can tell of them: that which a file names, if it is served.

        Those that name none are of an earlier version, or not whole: every log is to be asked for them, each for itself. Those of a
        project that is served no more stay, since their intents may be open there.

        Raises:
            Fault: the disk cannot be read.
        """
        files = self.closer.outbox.runs()
        self._unasked = {run: logs for run, logs in self._unasked.items() if run in files}
        found: dict[str, list[RunId]] = {}
        for run in sorted(files, key=lambda run: (run <= self._after, run))[:MOST]:
            project = self._project(run)
            if project:
                self._unasked.pop(run, None)
            for whose in [project] if project else sorted(self._unasked.setdefault(run, set(served))):
                if whose in served:
                    found.setdefault(whose, []).append(run)
            self._after = run
        return found

    def tidy(self, project: str, runs: Sequence[RunId], ledger: Ledger) -> list[Fault]:
        """Remove those of a project's files that are over; give the faults of what must wait."""
        asked, began = self.closer.clock(), self.closer.ticks()
        try:
            touched = self.closer.outbox.runs()
            known = ledger.find_all([f"{what}/{run}" for run in runs for what in ("intent", "outcome")])
        except Fault as fault:
            return [fault]
        faults: list[Fault] = []
        for run in sorted(runs, key=lambda run: _is_lost(known, run)):  # what needs no push comes first
            if self.closer.ticks() - began >= _SPEND:
                break
            try:
                settled = asked - touched.get(run, asked) >= SETTLED
                idle = settled and f"intent/{run}" not in known and self._is_idle(run, project)
                if not idle and f"outcome/{run}" not in known:
                    continue
            except Fault as fault:
                faults.append(fault)
                continue
            try:
                with self.leases.hold(run) as mine:
                    if mine:
                        try:
                            self._end(run, known, ledger, asked)
                        except Fault as fault:
                            faults.append(fault)
            except Fault as fault:  # the next lease would take as long
                return [*faults, fault]
        return faults

    def tidy_all(self, ledgers: Mapping[str, Ledger]) -> list[Fault]:
        """Go through all of the next files at once, project by project; give the faults of what must wait."""
        try:
            left = self.left(ledgers)
        except Fault as fault:
            return [fault]
        return [fault for project, runs in sorted(left.items()) for fault in self.tidy(project, runs, ledgers[project])]

    def _is_idle(self, run: RunId, project: str) -> bool:
        """Take in that a project's log does not have a run; say whether by now no log has it, and no file says that it began."""
        kept = self.closer.outbox.get(run)
        if kept is not None and not is_marked(kept):
            return False
        named, waits_for = project_of(kept), self._unasked.get(run)
        if named or waits_for is None:  # what was listed for a project may name another one since
            return named == project
        waits_for.discard(project)
        if waits_for:
            return False
        del self._unasked[run]  # should it stay, it is asked for again
        return True

    def _end(self, run: RunId, known: Mapping[str, Entry], ledger: Ledger, asked: datetime) -> None:
        """Forget a run that has ended, or was never announced, now that it is held.

        Raises:
            Fault: it must wait.
        """
        done, intent = known.get(f"outcome/{run}"), known.get(f"intent/{run}")
        if intent is not None and done is not None and done.kind is RecordKind.LOST:
            self.closer.close(ledger, intent)
            return
        kept = self.closer.outbox.get(run)  # before its age: what is put there in between is younger, and another than this
        if done is not None or asked - self.closer.outbox.runs().get(run, asked) >= SETTLED:
            self.closer.outbox.drop(run, kept)

    def _project(self, run: RunId) -> str:
        try:
            return project_of(self.closer.outbox.get(run))
        except Fault:  # told where it is looked at
            return ""


def _is_lost(known: Mapping[str, Entry], run: RunId) -> bool:
    done = known.get(f"outcome/{run}")
    return done is not None and done.kind is RecordKind.LOST
