"""Whom a tier asks: its slots, where `owner` stands for the owners of every service touched. Counts no approvals (`counting`)."""

from collections.abc import Iterator

from countersign.domain.codeowners import CodeOwners
from countersign.domain.counting import Asked
from countersign.domain.decision import Effect, Reason
from countersign.domain.matching import Touched
from countersign.domain.policy import Policy
from countersign.domain.policy_check import CODEOWNERS, OWNER
from countersign.domain.several import MOST

A_DAY = 86400
"""Seconds: how long an approval lives where the tier does not say."""

_RULE = "always: somebody must be asked"


def slots(policy: Policy, touch: Touched, tier: str) -> tuple[Asked, ...]:
    """Give the tier's slots; `owner` becomes one slot for every owner, each of whom must approve."""
    found = policy.document.tiers[tier]
    expires = found.expires or A_DAY
    asked: list[Asked] = []
    for slot in found.approvals:
        if slot.from_ == OWNER:
            asked.extend(Asked(owner, max(number, slot.count), expires) for owner, number in sorted(_owners(policy, touch).items()))
        else:
            asked.append(Asked(slot.from_, slot.count, expires))
    return tuple(asked)


def owners_unknown(policy: Policy, touch: Touched, tier: str, asked: tuple[Asked, ...]) -> Iterator[Reason]:
    """Refuse where the owner is asked and nobody knows who that is."""
    if any(slot.from_ == OWNER for slot in policy.document.tiers[tier].approvals):
        for name, paths in sorted(touch.owned.items()):
            place = policy.place("services", name, "owner")
            owners = policy.beside.codeowners
            if not isinstance(owners, CodeOwners):
                yield Reason(
                    _RULE, owners or "CODEOWNERS is missing", Effect.REFUSED, place=place, to_pass=f"set {_file(policy)} right"
                )
                continue
            nobodys = [path for path in paths if not owners.asks(path)]
            if nobodys:
                why = f"{_file(policy)} names no owner for this path of service {name}"
                yield Reason(_RULE, why, Effect.REFUSED, place=place, path=min(nobodys), to_pass=f"add a line to {_file(policy)}")
    if len(asked) > MOST:
        why = f"{len(asked)} owners would have to approve"
        yield Reason(_RULE, why, Effect.REFUSED, to_pass="split the change into smaller ones")
    if not asked:
        why = "the tier asks the owner, and no service with an owner is touched"
        yield Reason(_RULE, why, Effect.REFUSED, to_pass="name a service for these paths")


def _owners(policy: Policy, touch: Touched) -> dict[str, int]:
    """Give the owners of what is touched, and how many people of each."""
    named = (policy.document.services[name].owner for name in touch.services)
    found = dict.fromkeys((owner for owner in named if owner != CODEOWNERS), 1)
    owners = policy.beside.codeowners
    if isinstance(owners, CodeOwners):
        for paths in touch.owned.values():
            for path in paths:
                for ask in owners.asks(path):
                    found[ask.name] = max(ask.count, found.get(ask.name, 1))
    return found


def _file(policy: Policy) -> str:
    return policy.document.codeowners or "CODEOWNERS"
