"""What would have to change for a decision to be a tier milder: said to whoever asks why it is so strict. Changes nothing."""

from dataclasses import dataclass

from countersign.domain.decision import Decision, Effect, Reason
from countersign.domain.policy import Policy
from countersign.domain.policy_check import REFUSE


@dataclass(frozen=True, slots=True)
class Milder:
    """The tier that would be left, and what stands in its way: parts of the policy, or of the change itself."""

    tier: str
    policy: tuple[str, ...]
    change: tuple[str, ...]


def milder(policy: Policy, decision: Decision) -> Milder | None:
    """Say what it would take; None for the mildest tier, for refusals, and where what is so always makes it so."""
    order = list(policy.document.tiers)
    if decision.tier is None or decision.effect is Effect.REFUSED or decision.tier not in order or order.index(decision.tier) == 0:
        return None
    parts: list[str] = []
    change: list[str] = []
    for reason in decision.reasons:
        if reason.tier != decision.tier:
            continue
        if reason.rule.startswith("limits of tier "):
            change.append("split the change into smaller ones")
        elif (part := _part(policy, reason)) is not None:
            parts.append(part)
        else:
            return None
    rest = [order.index(reason.tier) for reason in decision.reasons if reason.tier in order and reason.tier != decision.tier]
    left = max(rest, default=order.index(decision.tier) - 1)
    return Milder(order[left], tuple(sorted(set(parts))), tuple(sorted(set(change))))


def _part(policy: Policy, reason: Reason) -> str | None:
    """Name the part of the policy that a reason comes from, by its path in the file."""
    if reason.rule == "unmatched" and policy.document.unmatched != REFUSE:
        return f"add a rule for {reason.path}" if reason.path else "add a rule"
    kind, _, name = reason.rule.partition(" ")
    if reason.text == "at_least" and kind in {"environment", "service"}:
        return f"change {kind}s.{name}.at_least"
    if any(rule.name == reason.rule for rule in policy.document.rules):
        return f"change the tier of rule {reason.rule!r}"
    return None
