"""What is asked: a change as it was observed, with facts and claims kept apart."""

from dataclasses import dataclass, field

from countersign.domain.facts import Facts
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.people import Agent, Contributor, Person


@dataclass(frozen=True, slots=True)
class Claims:
    """What the agent says. Shown, recorded, compared with the facts; it can only raise the tier."""

    rationale: str = ""
    environment: str | None = None
    action: str | None = None
    skill: str | None = None
    rollback: str | None = None
    emergency: str | None = None
    tests: tuple[str, ...] = ()
    not_sure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change at one head against one tip of the protected branch.

    `base` is that tip, `head` the commit that would be approved, and `tree` the tree that merging would give: the facts
    compare `base` with `tree`, so a conflict resolution or a moved base cannot hide anything (attack 23).
    """

    change: ChangeRef
    title: str
    source_branch: str
    target_branch: str
    base: Sha
    head: Sha
    tree: Sha
    author: Person
    agent: Agent | None
    sponsor: Person | None
    contributors: tuple[Contributor, ...]
    facts: Facts
    claims: Claims = field(default_factory=Claims)
