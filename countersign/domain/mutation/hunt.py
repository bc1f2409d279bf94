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
    good = [(trial, _rules_of(trial, policy)) for trial in trials if trial.hold(policy).passed]
    for mutant in mutants(policy.document):
        if mutant.same:
            same += 1
            continue
        changed = compiled(policy, mutant)
        rule = _rule_of(mutant, policy)
        if all(trial.hold(changed).passed for trial, rules in good if rule is None or rule in rules):
            alive.append(mutant)
        else:
            killed += 1
    return Hunt(killed, same, tuple(alive))


def _rules_of(trial: Trial, policy: Policy) -> frozenset[int]:
    """Give the numbers of the rules that name one of the trial's paths: no other rule's mutants can be noticed by it."""
    parts = (policy.parts[number] for file in trial.inputs.proposal.facts.files for number in policy.index.match(file.path))
    return frozenset(int(part.key) for part in parts if part.kind == "rule")


def _rule_of(mutant: Mutant, policy: Policy) -> int | None:
    """Give the number of the rule that was changed, where it can only speak of the paths that it names now."""
    section, *where = mutant.where
    if section != "rules" or not isinstance(where[0], int):
        return None
    before, key = policy.document.rules[where[0]], where[1] if len(where) > 1 else None
    wider = key == "paths" and before.paths is not None and before.paths[int(where[2])].startswith("!")
    return None if before.paths is None or wider else where[0]
