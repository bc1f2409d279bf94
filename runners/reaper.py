"""Finds intents whose runner is dead and closes them. Safe beside living runners: it touches no run that is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Entry
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault
from runners.announced import marked_for
from runners.closing import Closer, environment_of
from runners.ports import Leases

_YOUNG: Final = timedelta(seconds=20)
"""An intent this young is left alone even where nobody holds it: whoever can write to Redis can take a living runner's lease."""


@dataclass(frozen=True, slots=True)
class Reaper:
    """Closes what the dead left open."""

    closer: Closer
    leases: Leases
    environments: frozenset[str]

    def sweep(self, ledger: Ledger) -> tuple[list[Entry], list[Fault]]:
        """Close every open intent of our environments that nobody holds; give the outcomes, and the faults of those that must wait.

        Raises:
            LedgerFault: the branch cannot be read.
        """
        closed: list[Entry] = []
        faults: list[Fault] = []
        for intent in ledger.open_intents():
            if intent.run is None or not (environment_of(intent) is None or environment_of(intent) in self.environments):
                continue  # another runner's: this one has no credential there
            if self.closer.clock() - intent.time < _YOUNG:
                continue
            try:
                with self.leases.hold(intent.run) as mine:
                    if mine:
                        closed.append(self.closer.close(ledger, intent))
            except Fault as fault:
                faults.append(fault)  # one target that is down must not keep the others' credentials alive
            except Exception as error:  # noqa: BLE001 - nor a bug of ours
                faults.append(Fault(f"{intent.run} stays open: unexpected {type(error).__name__}"))
        return closed, faults

    def tidy(self, ledgers: Mapping[str, Ledger]) -> list[Fault]:
        """Remove from the outbox what nobody will ask for again; give the faults of what must wait.

        A runner that died before the intent or behind the outcome left its file, and a disk full of them stops every run. `ledgers`
        are all those of this runner, by project: a run that none of them knows has no intent there.
        """
        faults: list[Fault] = []
        try:
            runs = self.closer.outbox.runs()
        except Fault as fault:
            return [fault]
        for run in runs:
            try:
                with self.leases.hold(run) as mine:
                    if mine and self._over(run, ledgers):
                        self.closer.outbox.drop(run)
            except Fault as fault:
                faults.append(fault)
        return faults

    def _over(self, run: RunId, ledgers: Mapping[str, Ledger]) -> bool:
        """Say whether a run has ended, or was never announced. What else no ledger knows is of a project that is served no more."""
        if any(ledger.find(f"outcome/{run}") for ledger in ledgers.values()):
            return True
        if any(ledger.find(f"intent/{run}") for ledger in ledgers.values()):
            return False
        kept = self.closer.outbox.get(run)
        return kept is None or marked_for(kept) in ledgers
