"""What lifts a change to a stricter tier: its size, and what was said or seen of it. Never lowers.

The first tier, from the one that the rules ask for, whose limits hold the change. So a file more can only lift further.
"""

from collections.abc import Iterator
from itertools import pairwise

from countersign.domain.analysers.signals import of_words
from countersign.domain.decision import Effect, Reason
from countersign.domain.facts import Facts, FileStatus
from countersign.domain.policy import Policy, Tier
from countersign.domain.proposal import Proposal


def lifted(policy: Policy, proposal: Proposal, tier: str) -> tuple[str, tuple[Reason, ...]]:
    """Give the tier that a change of this size and kind ends in, and each reason on the way there."""
    order = list(policy.document.tiers)
    above = dict(pairwise(order))
    reasons: list[Reason] = []
    for rule, text in _steps(proposal):
        tier = above.get(tier, tier)
        reasons.append(Reason(rule, text, tier=tier))
    while excess := _excess(policy.document.tiers[tier], proposal.facts):
        place = policy.place("tiers", tier, "limits")
        rule = f"limits of tier {tier}"
        if tier not in above:
            reasons.append(Reason(rule, excess, Effect.REFUSED, place=place, to_pass="split the change into smaller ones"))
            break
        tier = above[tier]
        reasons.append(Reason(rule, excess, tier=tier, place=place))
    return tier, tuple(reasons)


def _steps(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Give what is worth one step, once each: everything that was seen together, and what was said."""
    seen = [f"{item.kind}: {item.detail}, {item.path}:{item.line}" for item in proposal.facts.signals]
    seen += [f"hidden characters in {text}" for text in of_words(_words(proposal))]
    if seen:
        others = f", and {len(seen) - 1} more" if len(seen) > 1 else ""
        yield "always: what is hard to see lifts the tier", seen[0] + others
    if proposal.claims.rollback == "none":
        yield "always: no way back lifts the tier", "the proposal says that it cannot be rolled back"


def _words(proposal: Proposal) -> Iterator[tuple[str, str]]:
    said = proposal.claims
    yield "the title", proposal.title
    yield "the name of the branch", proposal.source_branch
    lines = (said.environment, said.action, said.skill, said.rollback, *said.tests, *said.not_sure)
    texts = (said.rationale, said.emergency, *lines)
    yield from (("what the agent says", text) for text in texts if text is not None)


def _excess(tier: Tier, facts: Facts) -> str:
    """Say what of the change is above the tier's limits; empty where nothing is."""
    if tier.limits is None:
        return ""
    counted = (
        ("files", len(facts.files), tier.limits.files),
        ("lines", facts.lines, tier.limits.lines),
        ("deletes", sum(file.status is FileStatus.DELETED for file in facts.files), tier.limits.deletes),
    )
    return ", ".join(f"{found} {what}, at most {most}" for what, found, most in counted if most is not None and found > most)
