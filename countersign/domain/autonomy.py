"""Tiers that were earned: one step down for a kind of change that people promoted, while the record stands behind it. Pure.

The policy names what is promoted (`earned`), so people merged it. Each counts from the signed record that confirms it, until the
one that takes it back; without the first, nothing is milder. Only what rules ask for goes down: floors, limits, paths that
no rule names and what is always so stay as they are, and a change is covered with all its paths or not at all.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from countersign.domain.decision import Reason
from countersign.domain.matching import Touched
from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Where
from countersign.domain.promoted import Promoted
from countersign.domain.proposal import Proposal

_RULE = "autonomy"
AUTHENTICATED = 1
"""The strength of an agent that is known by its account: what anybody could write into a commit earns nothing."""

Placed = tuple[Where, Promoted]
"""A promotion, and where the policy says it."""


def promotions(policy: Policy) -> Iterator[Placed]:
    """Give everything that people promoted, and where it stands."""
    for number, way in enumerate(policy.document.autonomy):
        for place, earned in enumerate(way.earned):
            combination = tuple(sorted(earned.combination.items()))
            yield (
                ("autonomy", number, "earned", place),
                Promoted(way.promote.down_from, way.promote.down_to, combination, earned.since),
            )


def covering(policy: Policy, proposal: Proposal, touch: Touched, confirmed: AbstractSet[str], now: datetime) -> tuple[Placed, ...]:
    """Give what was promoted and covers the whole change; `confirmed` names those that the record stands behind."""
    if not policy.document.autonomy:
        return ()
    has = dict(touch.alone)
    if proposal.agent is not None and proposal.agent.strength >= AUTHENTICATED:
        has["agent"] = proposal.agent.id
        if proposal.claims.skill is not None:
            has["skill"] = proposal.claims.skill
    own = set(has.items())
    return tuple(
        (where, found.standing(confirmed, now)) for where, found in promotions(policy) if own.issuperset(found.combination)
    )


def step_down(policy: Policy, touch: Touched, asked: Sequence[Reason], covered: Sequence[Placed]) -> Iterator[Reason]:
    """Give the step down from the strictest tier that rules ask for, if it was earned; and say what is written and does not count.

    One step, whatever else was earned, so that a change that asks for more never ends in a milder tier.
    """
    tiers = [reason.tier for reason in asked if reason.tier is not None]
    strictest = max(tiers, key=policy.ranks.__getitem__, default=None)
    for where, found in covered:
        place = policy.place(*where)
        if not found.in_force:
            yield Reason(
                _RULE, f"{found.what}: {found.step} counts while the record stands behind it, and it does not", place=place
            )
        elif strictest == found.down_from and touch.unnamed is None:
            yield Reason(_RULE, f"{found.what}: {found.step}, earned", tier=found.down_to, place=place)
