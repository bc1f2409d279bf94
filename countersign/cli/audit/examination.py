"""Examines a whole branch: at a glance where it is long, record by record where it is short or something may be wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from countersign.adapters.ledger.clone import Branch, is_long
from countersign.adapters.ledger.quick import check_quickly
from countersign.adapters.ledger.slow import check_branch
from countersign.attestation.chain import Chain, Link
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.index import Keys
from countersign.attestation.keys import TrustRoot
from countersign.attestation.outline import Outline, outline
from countersign.attestation.population import Population
from countersign.attestation.problem import ChainError, Problem
from countersign.attestation.tree_head import TreeHead
from countersign.attestation.watch import Watch


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found of a branch, up to the first problem. `folders_read` is False where git's folders were computed instead."""

    branch: Branch
    head: TreeHead | None
    problem: Problem | None
    population: Population
    watch: Watch
    folders_read: bool

    @property
    def size(self) -> int:
        """Count the good records before the first problem."""
        return 0 if self.head is None else self.head.size


class Count:
    """Counts and watches what is shown to it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.population, self.watch = Population(), Watch()

    def show(self, one: Outline) -> None:
        """Look at the next record."""
        self.population.add(one)
        self.watch.add(one)

    def show_link(self, link: Link) -> None:
        """Look at the next record."""
        one = outline(link)
        if one is not None:
            self.show(one)


def examine(branch: Branch, trust: TrustRoot, seen: Sequence[Checkpoint], origin: str | None, *, every_object: bool) -> Examination:
    """Examine a branch.

    Raises:
        Fault: it could not be read.
    """
    if not every_object and is_long(branch):
        count = Count()
        head = check_quickly(branch.repository, branch.tip, trust=trust, origin=origin, seen=seen, told=count.show)
        if head is not None:
            return Examination(branch, head, None, count.population, count.watch, folders_read=False)
    count, problem = Count(), None
    chain = Chain(trust=trust, records=Keys(), origin=origin, seen=seen)
    try:
        check_branch(branch, chain, told=count.show_link)
    except ChainError as error:
        problem = error.problem
    return Examination(branch, chain.head, problem, count.population, count.watch, folders_read=True)
