"""Which rule certainly applies wherever another does, and which part certainly overrules it. Reads the document alone."""

from collections.abc import Iterator, Mapping, Sequence

from countersign.domain.glob_relations import includes, nothing
from countersign.domain.matching import POLICY_FOLDER
from countersign.domain.policy import Document, Rule

_NO_CONDITIONS = {"name", "paths", "kinds", "tier", "alone", "because", "deny"}


def conditions(rule: Rule) -> Mapping[str, object]:
    """Give what a rule asks for beside paths and kinds, whichever conditions this version knows."""
    return {name: value for name, value in rule.model_dump(exclude=_NO_CONDITIONS).items() if value}


def applies_wherever(rule: Rule, other: Rule) -> bool:
    """Say whether `rule` certainly applies to each path to which `other` does."""
    if rule.paths is not None and (other.paths is None or not includes(rule.paths, other.paths)):
        return False
    if rule.kinds and not (other.kinds and set(other.kinds) <= set(rule.kinds)):
        return False
    return not conditions(rule) or conditions(rule) == conditions(other)


def never_decides(document: Document, number: int) -> Iterator[str]:
    """Say, in words, why a rule can never be what a decision rests on; nothing where it can, or where that is not certain.

    `alone` is not looked at: whether it refuses depends on the other paths of a change. A rule that asks for effects also asks
    for the facts behind them, and refuses where there are none: nothing but a refusal makes that idle.
    """
    rule = document.rules[number]
    if rule.paths is not None and nothing(rule.paths):
        yield "its own '!' patterns take out every path that it names"
        return
    if rule.alone or (rule.deny is None and rule.tier is None):
        return
    for other_number, other in enumerate(document.rules):
        if other_number != number and applies_wherever(other, rule) and (other.deny is not None or not conditions(rule)):
            first = other_number < number or not applies_wherever(rule, other)
            why = _overrules(list(document.tiers), other, rule, first=first)
            if why is not None:
                yield f"rule {other.name!r} applies to everything that it names{why}"
    if rule.deny is None and rule.tier is not None and rule.paths is not None:
        yield from _floors(document, rule.tier, rule.paths)


def _overrules(order: Sequence[str], rule: Rule, other: Rule, *, first: bool) -> str | None:
    """Say how a rule that applies wherever the other does makes it idle. Of two that say the same, the second is."""
    if rule.deny is not None:
        return " and refuses" if other.deny is None or first else None
    if other.deny is not None or rule.tier is None or other.tier is None:
        return None
    if order.index(rule.tier) > order.index(other.tier):
        return f" and asks for the stricter tier {rule.tier}"
    return f" and asks for {rule.tier} too" if rule.tier == other.tier and first else None


def _floors(document: Document, tier: str, paths: Sequence[str]) -> Iterator[str]:
    order = list(document.tiers)
    if includes([f"{POLICY_FOLDER}**"], paths):
        yield f"a change to {POLICY_FOLDER} always has the strictest tier"
    for kind, parts in (("environment", document.environments), ("service", document.services)):
        for name, part in parts.items():
            floor = part.at_least
            if floor is not None and order.index(floor) > order.index(tier) and includes(part.paths, paths):
                yield f"{kind} {name} has everything that it names and asks for at least {floor}"
