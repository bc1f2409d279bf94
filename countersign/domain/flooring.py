"""A policy above an organisation's floor: both decide, and the strictest answer holds. So it can only be tighter (ADR 12).

Every reason of both is kept, each with its own file. What runs is the policy's own; a floor has no actions.
"""

from collections.abc import Iterable
from dataclasses import replace

from countersign.domain.approval import Evidence
from countersign.domain.decision import Decision, Discounted, Effect, Need, Reason
from countersign.domain.emergency import Lifted
from countersign.domain.policy import FLOORS, Policy


def as_floor_sees(policy: Policy, evidence: Evidence) -> Evidence:
    """Give the evidence with the members of the floor's teams under the floor's own words."""
    floor = policy.beside.floor
    teams = () if floor is None else floor.teams
    return replace(evidence, members={team: evidence.members.get(_label(policy, team), frozenset()) for team in teams})


def strictest(own: Decision, floor: Decision, policy: Policy) -> Decision:
    """Give the one decision that holds: allowed where both allow it, refused where one refuses it."""
    effect = max(own.effect, floor.effect)
    theirs = [replace(need, team=_label(policy, need.team)) for need in floor.needs]
    ends = [decision.until for decision in (own, floor) if decision.until is not None]
    lives = [decision.expires for decision in (own, floor) if decision.expires is not None]
    return replace(
        own,
        effect=effect,
        tier=floor.tier if floor.effect > own.effect else own.tier,
        reasons=(*_kept(own, effect), *_kept(floor, effect)),
        needs=_together(own.needs, theirs),
        discounted=_neither(own, floor),
        until=max(ends, default=None) if effect is Effect.FROZEN else None,
        expires=min(lives, default=None),
        emergency=_both(own.emergency, floor.emergency),
    )


def _label(policy: Policy, team: str) -> str:
    """Name a team of the floor: by its own word where this policy means the same groups by it."""
    floor = policy.beside.floor
    same = floor is not None and set(policy.teams.get(team, ())) == set(floor.teams[team])
    return team if same else team + FLOORS


def _kept(decision: Decision, effect: Effect) -> tuple[Reason, ...]:
    """Keep every reason; those of a milder decision did not decide."""
    if decision.effect is effect:
        return decision.reasons
    return tuple(replace(reason, decides=False) for reason in decision.reasons)


def _together(own: Iterable[Need], theirs: Iterable[Need]) -> tuple[Need, ...]:
    """Ask for both, once where they ask the same team: then the one that is further from being met."""
    found: dict[tuple[str, bool, int], Need] = {}
    for needs in (own, theirs):
        seen: dict[tuple[str, bool], int] = {}
        for need in needs:
            number = seen[need.team, need.emergency] = seen.get((need.team, need.emergency), 0) + 1
            key = (need.team, need.emergency, number)
            found[key] = max(found.get(key, need), need, key=lambda item: (item.missing, item.count))
    return tuple(found.values())


def _neither(own: Decision, floor: Decision) -> tuple[Discounted, ...]:
    """List whose approval counts for neither."""
    theirs = {item.person.id for item in floor.discounted}
    return tuple(item for item in own.discounted if item.person.id in theirs)


def _both(own: Lifted | None, floor: Lifted | None) -> Lifted | None:
    if own is None or floor is None:
        return own or floor
    return Lifted(min(own.ends, floor.ends), max(own.review_by, floor.review_by))
