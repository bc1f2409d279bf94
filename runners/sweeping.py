"""Closes what dead runners left in some projects, tells people, and tidies up behind it.

Needs no proof of the sandbox: it runs nothing, and must work while the engine is away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Entry
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault, ForgeFault
from countersign.domain.ports import Forge, Repository
from runners.landing import finish_for_another
from runners.reaper import Reaper
from runners.tidying import Tidier


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Sweeps and tidies. `ledger` gives the audit branch of a project, `repository` its git."""

    projects: Sequence[str]
    ledger: Callable[[str], Ledger]
    repository: Callable[[str], Repository]
    reaper: Reaper
    tidier: Tidier
    forge: Forge
    branch: str

    def sweep(self, project: str) -> tuple[list[Entry], list[Fault]]:
        """Close every run of a project that nobody holds, and tell people; give the outcomes, and the faults that must wait.

        Raises:
            LedgerFault: the audit branch cannot be read.
        """
        closed, faults = self.reaper.sweep(self.ledger(project))
        for outcome in closed:
            try:
                finish_for_another(self.forge, self.repository(project), outcome, branch=self.branch)
            except ForgeFault as fault:  # the record stands; the next look at the change tells the rest
                faults.append(fault)
        return closed, faults

    def left(self) -> dict[str, list[RunId]]:
        """Give the next files in the outbox that may be over, by the project whose log can tell.

        Raises:
            Fault: the disk cannot be read.
        """
        return self.tidier.left(self.projects)

    def tidy(self, project: str, runs: Sequence[RunId]) -> list[Fault]:
        """Remove those of a project's files that nobody will ask for again; give the faults that must wait."""
        return self.tidier.tidy(project, runs, self.ledger(project))

    def tidy_all(self) -> list[Fault]:
        """Do it for the next files of all projects; give the faults that must wait."""
        return self.tidier.tidy_all({project: self.ledger(project) for project in self.projects})
