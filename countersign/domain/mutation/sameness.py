"""Which changes to a rule are certain to change no decision: effect, tier, approvals and plan stay, whatever the change.

Says so only where it is certain. A mutant of this kind cannot be noticed, and nobody is asked to.
"""

from collections.abc import Sequence

from countersign.domain.glob_relations import includes, meets, nothing
from countersign.domain.lints.cover import applies_wherever, conditions
from countersign.domain.matching import POLICY_FOLDER
from countersign.domain.policy import Document, Rule
from countersign.domain.policy_check import REFUSE


def idle(document: Document, number: int, rule: Rule) -> bool:
    """Say whether the rule of this number, or this part of it, could be left out."""
    if rule.paths is not None and nothing(rule.paths):
        return True
    if _as_always(document, rule):
        return True
    if rule.alone or conditions(rule):  # what asks for effects refuses where the facts are missing
        return False
    others = [other for place, other in enumerate(document.rules) if place != number]
    return any(_stands_in(document, other, rule) for other in others) or _as_unmatched(document, others, rule)


def pattern_idle(document: Document, number: int, place: int) -> bool:
    """Say whether a pattern could be left out of a rule's paths."""
    rule = document.rules[number]
    paths = rule.paths or ()
    pattern, rest = paths[place], [*paths[:place], *paths[place + 1 :]]
    if pattern.startswith("!"):
        return not any(meets(pattern[1:], other) for other in rest if not other.startswith("!"))
    gone = [other for other in rest if other.startswith("!")]
    return includes(rest, [pattern, *gone]) or idle(document, number, rule.model_copy(update={"paths": (pattern, *gone)}))


def tier_idle(document: Document, number: int, tier: str) -> bool:
    """Say whether something else asks for this tier, or a stricter one, wherever the rule applies."""
    rule, order = document.rules[number], list(document.tiers)
    if rule.paths is not None and nothing(rule.paths):
        return True
    for place, other in enumerate(document.rules):
        if place != number and other.tier is not None and applies_wherever(other, rule) and _at_least(order, other.tier, tier):
            return True
    if rule.paths is None:
        return False
    floors = [(part.paths, part.at_least) for part in document.environments.values()]
    floors += [(part.paths, part.at_least) for part in document.services.values()]
    floors.append(((f"{POLICY_FOLDER}**",), order[-1]))
    return any(floor is not None and _at_least(order, floor, tier) and includes(paths, rule.paths) for paths, floor in floors)


def all_named(document: Document) -> bool:
    """Say whether a rule names every path there could be, so that `unmatched` never speaks."""
    return any(
        rule.paths is not None and includes(rule.paths, ["**"]) and not rule.kinds and not conditions(rule) and not rule.alone
        for rule in document.rules
    )


def _stands_in(document: Document, rule: Rule, other: Rule) -> bool:
    """Say whether a rule says all that the other one says, wherever that one applies, and names the same paths."""
    names = rule.paths is not None or other.paths is None
    if not names or conditions(rule) or not applies_wherever(rule, other) or (other.deny is not None and rule.deny is None):
        return False
    return other.tier is None or (rule.tier is not None and _at_least(list(document.tiers), rule.tier, other.tier))


def _as_always(document: Document, rule: Rule) -> bool:
    """Say whether a rule is about the policy's folder alone, which has the strictest tier and stands alone anyhow."""
    says_more = rule.deny is not None or conditions(rule) or document.unmatched == REFUSE
    return not says_more and rule.paths is not None and includes([f"{POLICY_FOLDER}**"], rule.paths)


def _as_unmatched(document: Document, others: Sequence[Rule], rule: Rule) -> bool:
    """Say whether a path would fare the same without the rule: by `unmatched`, or by others that are as strict at least."""
    plain = rule.tier is not None and rule.deny is None and not rule.kinds and not conditions(rule)
    if not plain or rule.paths is None or document.unmatched in {REFUSE, None} or document.unmatched != rule.tier:
        return False
    if any(way.earned for way in document.autonomy):  # what `unmatched` asks for is never earned away
        return False
    order = list(document.tiers)
    wanted = [pattern for pattern in rule.paths if not pattern.startswith("!")]
    for other in others:
        named = [pattern for pattern in other.paths or () if not pattern.startswith("!")]
        if any(meets(one, two) for one in wanted for two in named) and not (
            other.tier is not None and _at_least(order, other.tier, rule.tier) and not other.kinds and not conditions(other)
        ):
            return False
    return True


def _at_least(order: Sequence[str], tier: str, other: str | None) -> bool:
    return other is not None and order.index(tier) >= order.index(other)
