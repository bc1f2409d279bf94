"""What the policy's own parts say of a change: its rules, `unmatched`, and the floors of environments and services."""

from collections.abc import Iterator

from countersign.domain.decision import Effect, Reason
from countersign.domain.matching import Touched
from countersign.domain.policy import Policy
from countersign.domain.policy_check import REFUSE


def rules(policy: Policy, touch: Touched) -> Iterator[Reason]:
    """Give what each rule that applies asks for, and what `unmatched` does of paths that no rule names."""
    for hit in touch.hits:
        rule, place = hit.rule, policy.place("rules", hit.number)
        if rule.deny is not None:
            what = rule.deny if hit.what is None else f"{rule.deny} ({hit.what})"
            to_pass = f"leave {hit.path} out of the change"
            yield Reason(rule.name, what, Effect.REFUSED, place=place, path=hit.path, to_pass=to_pass)
        if rule.alone and hit.number not in touch.whole:
            why = "must not come together with other changes"
            yield Reason(rule.name, why, Effect.REFUSED, place=place, path=hit.path, to_pass="split the change")
        if rule.tier is not None:
            yield Reason(rule.name, rule.because or "a rule of the policy", tier=rule.tier, place=place, path=hit.path)
    if touch.unnamed is not None:
        unmatched, place = policy.document.unmatched, policy.place("unmatched")
        why = "no rule names this path"
        if unmatched == REFUSE:
            yield Reason("unmatched", why, Effect.REFUSED, place=place, path=touch.unnamed, to_pass="add a rule for it")
        else:
            yield Reason("unmatched", why, tier=unmatched, place=place, path=touch.unnamed)


def floors(policy: Policy, touch: Touched) -> Iterator[Reason]:
    """Give the mildest tiers that environments and services allow."""
    for kind, parts, found in (
        ("environment", policy.document.environments, touch.environments),
        ("service", policy.document.services, touch.services),
    ):
        for name, path in sorted(found.items()):
            floor = parts[name].at_least
            if floor is not None:
                place = policy.place(f"{kind}s", name, "at_least")
                yield Reason(f"{kind} {name}", "at_least", tier=floor, place=place, path=path)
