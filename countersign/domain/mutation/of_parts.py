"""Every single change to what is no rule: floors, freezes, paths of environments and services, what tiers ask, `unmatched`."""

from collections.abc import Iterator

from countersign.domain.glob_relations import includes
from countersign.domain.mutation import sameness
from countersign.domain.mutation.mutant import Act, Mutant
from countersign.domain.mutation.of_rules import without
from countersign.domain.policy import Document, Tier
from countersign.domain.policy_check import REFUSE
from countersign.domain.policy_places import Environment, Service
from countersign.domain.policy_sources import Where
from countersign.domain.promoted import in_words


def of_parts(document: Document) -> Iterator[Mutant]:
    """Give them all, in the order of the file."""
    for name, tier in document.tiers.items():
        yield from _tier(document, name, tier)
    yield from _unmatched(document)
    for name, environment in document.environments.items():
        yield from _floor(document, "environments", name, environment)
        yield from _patterns(document, "environments", name, environment)
        for place, freeze in enumerate(environment.freezes):
            where: Where = ("environments", name, "freezes", place)
            less = _with(document, "environments", name, freezes=without(environment.freezes, place))
            yield Mutant(Act.DROP, f"freeze {freeze} of environment {name}", where, less)
    for name, service in document.services.items():
        yield from _floor(document, "services", name, service)
        yield from _patterns(document, "services", name, service)
    yield from _emergency(document)
    for number, way in enumerate(document.autonomy):
        for place, earned in enumerate(way.earned):
            ways = list(document.autonomy)
            ways[number] = way.model_copy(update={"earned": without(way.earned, place)})
            told = in_words(earned.combination.items())
            less = document.model_copy(update={"autonomy": tuple(ways)})
            yield Mutant(Act.DROP, f"{way.promote} of {told}", ("autonomy", number, "earned", place), less)


def _emergency(document: Document) -> Iterator[Mutant]:
    if document.emergency is None:
        return
    where: Where = ("emergency",)
    yield Mutant(Act.DROP, "emergency", where, document.model_copy(update={"emergency": None}))
    count = document.emergency.count
    if count > 1:
        less = document.emergency.model_copy(update={"count": count - 1})
        what = f"count {count} of emergency to {count - 1}"
        yield Mutant(Act.LOWER, what, (*where, "count"), document.model_copy(update={"emergency": less}))


def _tier(document: Document, name: str, tier: Tier) -> Iterator[Mutant]:
    where: Where = ("tiers", name)
    for place, slot in enumerate(tier.approvals):
        if len(tier.approvals) > 1:
            less = _with(document, "tiers", name, approvals=without(tier.approvals, place))
            yield Mutant(Act.DROP, f"approval from {slot.from_} of tier {name}", (*where, "approvals", place), less)
        if slot.count > 1:
            slots = list(tier.approvals)
            slots[place] = slot.model_copy(update={"count": slot.count - 1})
            what = f"count {slot.count} from {slot.from_} of tier {name} to {slot.count - 1}"
            less = _with(document, "tiers", name, approvals=tuple(slots))
            yield Mutant(Act.LOWER, what, (*where, "approvals", place), less)
    if tier.mode == "approve":
        free = _with(document, "tiers", name, mode="autonomous", approvals=())
        yield Mutant(Act.DROP, f"all approvals of tier {name}", (*where, "mode"), free)
    for key, most in tier.limits or ():
        if most is not None:
            rest = None if tier.limits is None else tier.limits.model_copy(update={key: None})
            kept = rest is not None and any(value is not None for _, value in rest)
            less = _with(document, "tiers", name, limits=rest if kept else None)
            yield Mutant(Act.DROP, f"limit of {most} {key} of tier {name}", (*where, "limits", key), less)


def _unmatched(document: Document) -> Iterator[Mutant]:
    order = [*document.tiers, REFUSE]
    at, same = order.index(document.unmatched), sameness.all_named(document)
    for act, to in ((Act.LOWER, at - 1), (Act.RAISE, at + 1)):
        if 0 <= to < len(order):
            what = f"unmatched {order[at]} to {order[to]}"
            yield Mutant(act, what, ("unmatched",), document.model_copy(update={"unmatched": order[to]}), same=same)


def _floor(document: Document, section: str, name: str, part: Environment | Service) -> Iterator[Mutant]:
    if part.at_least is None:
        return
    order, where = list(document.tiers), (section, name, "at_least")
    at, what = order.index(part.at_least), f"at_least {part.at_least} of {section.removesuffix('s')} {name}"
    if at == 0:
        yield Mutant(Act.DROP, what, where, _with(document, section, name, at_least=None))
    else:
        yield Mutant(Act.LOWER, f"{what} to {order[at - 1]}", where, _with(document, section, name, at_least=order[at - 1]))


def _patterns(document: Document, section: str, name: str, part: Environment | Service) -> Iterator[Mutant]:
    for place, pattern in enumerate(part.paths):
        rest = [other for number, other in enumerate(part.paths) if number != place]
        if any(not other.startswith("!") for other in rest):
            gone = [other for other in rest if other.startswith("!")]
            yield Mutant(
                Act.DROP,
                f"path {pattern} of {section.removesuffix('s')} {name}",
                (section, name, "paths", place),
                _with(document, section, name, paths=tuple(rest)),
                same=not pattern.startswith("!") and includes(rest, [pattern, *gone]),
            )


def _with(document: Document, section: str, name: str, **changes: object) -> Document:
    parts = dict(getattr(document, section))
    parts[name] = parts[name].model_copy(update=changes)
    return document.model_copy(update={section: parts})
