"""A policy with one part changed."""

from dataclasses import dataclass
from enum import StrEnum

from countersign.domain.policy import Document, Policy
from countersign.domain.policy_check import dangling
from countersign.domain.policy_sources import Where


class Act(StrEnum):
    """What was done to the part."""

    DROP = "drop"
    RAISE = "raise"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Mutant:
    """What was changed, where the part stands, and the document that came of it.

    `same` is true where the change is certain to change no decision: nobody has to notice it.
    """

    act: Act
    what: str
    where: Where
    document: Document
    same: bool = False

    def __str__(self) -> str:
        """Say it in a few words."""
        return f"{self.act.value} {self.what}"


def compiled(policy: Policy, mutant: Mutant) -> Policy:
    """Compile a mutant. Where no paths changed the index is the policy's own."""
    paths, others = _paths(policy.document), _paths(mutant.document)
    if paths == others:
        return policy.holding(mutant.document)
    return Policy.of(mutant.document, policy.digest, policy.places, policy.beside)


def viable(document: Document) -> bool:
    """Say whether a policy like this would load."""
    return bool(document.rules) and next(iter(dangling(document)), None) is None


def _paths(document: Document) -> list[object]:
    named = (document.environments, document.services, document.actions)
    return [[rule.paths for rule in document.rules], *({name: part.paths for name, part in parts.items()} for parts in named)]
