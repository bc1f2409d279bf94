"""Tiers that were earned: one step down for a kind of change that people promoted, while the record stands behind it. Pure.

The policy names what is promoted (`earned`), so people merged it. Each counts from the signed record that confirms it, until the
one that takes it back; without the first, nothing is milder. Only what rules ask for goes down: floors, limits, paths that
no rule names and what is always so stay as they are. A change is covered with all its paths or not at all, and only where an agent
that is known by its account made all of it: what anybody could push to its branch earns nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from countersign.domain.approval import Evidence
from countersign.domain.decision import Reason
from countersign.domain.matching import Touched
from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Where
from countersign.domain.promoted import Promoted
from countersign.domain.proposal import Proposal

_RULE = "autonomy"
AUTHENTICATED = 1
"""The strength of an agent that is known by its account."""

Placed = tuple[Where, Promoted]
"""A promotion, and where the policy says it."""


def promotions(policy: Policy) -> Iterator[Placed]:
    """Give everything that people promoted, and where it stands."""
    for number, way in enumerate(policy.document.autonomy):
        for place, earned in enumerate(way.earned):
            yield ("autonomy", number, "earned", place), Promoted(way.promote, tuple(earned.combination.items()), earned.since)


def covering(policy: Policy, has: Mapping[str, str], evidence: Evidence, now: datetime) -> tuple[Placed, ...]:
    """Give what was promoted and covers the whole change, by what that counts as."""
    found = (item for item in promotions(policy) if set(item[1].combination) <= has.items())
    return tuple((where, promoted.standing(evidence.backed, now)) for where, promoted in found)


def counts_as(policy: Policy, proposal: Proposal, touch: Touched, evidence: Evidence) -> dict[str, str]:
    """Give what kind of change it is, by the words that are counted together; nothing where an agent did not make all of it."""
    agent = proposal.agent
    entry = None if agent is None else policy.agents.get(agent.id)
    if agent is None or entry is None or agent.strength < AUTHENTICATED:
        return {}
    ours = {machine.id for machine in evidence.machines}
    people = [contributor.person for contributor in proposal.contributors]
    if not all(person is not None and (person.username == entry.account or person.id in ours) for person in people):
        return {}
    skill = {} if proposal.claims.skill is None else {"skill": proposal.claims.skill}
    return {**touch.alone, "agent": agent.id, **skill}


def step_down(policy: Policy, touch: Touched, asked: Sequence[Reason], covered: Sequence[Placed]) -> Iterator[Reason]:
    """Give the step down from the strictest tier that rules ask for, if it was earned; and say what is written and does not count.

    One step, whatever else was earned, so that a change that asks for more never ends in a milder tier.
    """
    tiers = [reason.tier for reason in asked if reason.tier is not None]
    strictest = max(tiers, key=policy.ranks.__getitem__, default=None)
    for where, found in covered:
        place = policy.place(*where)
        if not found.in_force:
            yield Reason(_RULE, f"{found.what}: {found.step} is written here, and counts while the record backs it", place=place)
        elif strictest == found.step.down_from and touch.unnamed is None:
            yield Reason(_RULE, f"{found.what}: {found.step}, earned", tier=found.step.down_to, place=place)
