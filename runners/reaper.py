"""Finds intents whose runner is dead and closes them. Safe beside living runners: it touches no run that is held."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Entry
from countersign.domain.outcomes import Fault
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
