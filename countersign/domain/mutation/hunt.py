"""Holds every mutant of a policy against its scenarios, and gives those that none of them notices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from countersign.domain.mutation.mutant import Mutant, compiled, viable
from countersign.domain.mutation.of_parts import of_parts
from countersign.domain.mutation.of_rules import of_rules
from countersign.domain.policy import Document, Policy
from countersign.domain.scenarios.trial import Trial


@dataclass(frozen=True, slots=True)
class Hunt:
    """What came of it: how many mutants a scenario noticed, how many nothing could notice, and the rest."""

    killed: int
    same: int
    alive: tuple[Mutant, ...]


def mutants(document: Document) -> Iterator[Mutant]:
    """Give every single change of the policy that would load."""
    for mutant in (*of_parts(document), *of_rules(document)):
        if viable(mutant.document):
            yield mutant


def hunt(policy: Policy, trials: Sequence[Trial]) -> Hunt:
    """Hold them all. A scenario notices a mutant where it passes with the policy and fails with the mutant."""
    killed = same = 0
    alive: list[Mutant] = []
    good = [trial for trial in trials if trial.hold(policy).passed]
    for mutant in mutants(policy.document):
        if mutant.same:
            same += 1
            continue
        changed = compiled(policy, mutant)
        if all(trial.hold(changed).passed for trial in good):
            alive.append(mutant)
        else:
            killed += 1
    return Hunt(killed, same, tuple(alive))
