"""What is wrong with a log: the first wrong record, and why."""

from dataclasses import dataclass

from countersign.domain.ids import Sha


@dataclass(frozen=True, slots=True)
class Problem:
    """The first wrong record: its number (None where not even that can be told), its commit, and what is wrong."""

    seq: int | None
    commit: Sha | None
    why: str

    def __str__(self) -> str:
        """Name the place, then the reason."""
        where = "the branch" if self.seq is None else f"record {self.seq}"
        return f"{where}: {self.why}" if self.commit is None else f"{where} (commit {self.commit}): {self.why}"


class ChainError(Exception):
    """The branch is not what it should be."""

    def __init__(self, problem: Problem) -> None:
        """Keep the first problem; what comes after it means nothing any more."""
        super().__init__(str(problem))
        self.problem = problem
