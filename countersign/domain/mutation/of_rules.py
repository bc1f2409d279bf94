"""Every single change to a rule: without it, without one of its patterns, kinds or effects, a tier milder or stricter."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from countersign.domain.mutation import sameness
from countersign.domain.mutation.mutant import Act, Mutant
from countersign.domain.policy import Document, Rule
from countersign.domain.policy_sources import Where

Item = TypeVar("Item")


def of_rules(document: Document) -> Iterator[Mutant]:
    """Give them all, in the order of the file."""
    for number, rule in enumerate(document.rules):
        where: Where = ("rules", number)
        less = document.model_copy(update={"rules": (*document.rules[:number], *document.rules[number + 1 :])})
        yield Mutant(Act.DROP, f"rule {rule.name!r}", where, less, same=sameness.idle(document, number, rule))
        yield from _patterns(document, number, rule)
        yield from _items(document, number, rule)
        yield from _tiers(document, number, rule)
        for key in ("alone", "deny"):
            left = {"tier", "alone", "deny"} - {key}
            if getattr(rule, key) and any(getattr(rule, other) for other in left):
                value = False if key == "alone" else None
                yield Mutant(Act.DROP, f"{key} of rule {rule.name!r}", (*where, key), _with(document, number, **{key: value}))


def _patterns(document: Document, number: int, rule: Rule) -> Iterator[Mutant]:
    paths = rule.paths or ()
    for place, pattern in enumerate(paths):
        rest = without(paths, place)
        if any(not other.startswith("!") for other in rest):
            yield Mutant(
                Act.DROP,
                f"path {pattern} of rule {rule.name!r}",
                ("rules", number, "paths", place),
                _with(document, number, paths=rest),
                same=sameness.pattern_idle(document, number, place),
            )


def _items(document: Document, number: int, rule: Rule) -> Iterator[Mutant]:
    """Take one of several kinds away, or one of several effects; with the last one the rule would be another rule."""
    if len(rule.kinds) > 1:
        for place, kind in enumerate(rule.kinds):
            where: Where = ("rules", number, "kinds", place)
            yield Mutant(
                Act.DROP,
                f"kind {kind.value} of rule {rule.name!r}",
                where,
                _with(document, number, kinds=without(rule.kinds, place)),
            )
    plan = {} if rule.plan is None else {key: items for key, items in rule.plan if items}
    if len(rule.removes) + sum(map(len, plan.values())) <= 1:
        return
    for place, text in enumerate(rule.removes):
        less = _with(document, number, removes=without(rule.removes, place))
        yield Mutant(Act.DROP, f"removes {text!r} of rule {rule.name!r}", ("rules", number, "removes", place), less)
    if rule.plan is not None:
        for key, items in plan.items():
            for place, item in enumerate(items):
                rest = rule.plan.model_copy(update={key: without(items, place)})
                plan_less = rest if any(kept for _, kept in rest) else None
                yield Mutant(
                    Act.DROP,
                    f"{key} {item} of rule {rule.name!r}",
                    ("rules", number, "plan", key, place),
                    _with(document, number, plan=plan_less),
                )


def _tiers(document: Document, number: int, rule: Rule) -> Iterator[Mutant]:
    if rule.tier is None:
        return
    order = list(document.tiers)
    at = order.index(rule.tier)
    for act, to in ((Act.LOWER, at - 1), (Act.RAISE, at + 1)):
        if 0 <= to < len(order):
            what = f"tier {rule.tier} of rule {rule.name!r} to {order[to]}"
            same = sameness.tier_idle(document, number, order[max(at, to)])
            yield Mutant(act, what, ("rules", number, "tier"), _with(document, number, tier=order[to]), same=same)


def _with(document: Document, number: int, **changes: object) -> Document:
    rules = list(document.rules)
    rules[number] = rules[number].model_copy(update=changes)
    return document.model_copy(update={"rules": tuple(rules)})


def without(items: Sequence[Item], place: int) -> tuple[Item, ...]:
    """Leave one out."""
    return (*items[:place], *items[place + 1 :])
