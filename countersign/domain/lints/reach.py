"""Parts of a policy that no change can ever reach."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from countersign.domain.glob_relations import includes, nothing
from countersign.domain.lints.cover import never_decides
from countersign.domain.lints.lint import Lint, where
from countersign.domain.policy import Document, Policy


class _Placed(Protocol):
    @property
    def paths(self) -> tuple[str, ...]: ...


def reach(policy: Policy) -> Iterator[Lint]:
    """Give what is never reached, and what is always refused because two parts take the same paths."""
    document = policy.document
    for number, rule in enumerate(document.rules):
        place = where(policy, "rules", number)
        why = next(never_decides(document, number), None)
        if why is not None:
            empty = rule.paths is not None and nothing(rule.paths)
            kind = "matches-nothing" if empty else "never-decides"
            yield Lint(place, kind, f"rule {rule.name!r} can never decide: {why}", serious=empty)
    yield from _tiers(policy)
    yield from _taken_twice(policy, "environment", document.environments)
    yield from _taken_twice(policy, "action", document.actions)
    for name, service in document.services.items():
        if nothing(service.paths):
            yield Lint(where(policy, "services", name), "matches-nothing", f"service {name!r} has no path at all", serious=True)


def _tiers(policy: Policy) -> Iterator[Lint]:
    """A change enters at a tier that something names, or that was earned; limits and the like lift it from there, never down."""
    order, named = list(policy.document.tiers), _named_tiers(policy.document)
    for name in order[: min(map(order.index, named), default=0)]:
        yield Lint(where(policy, "tiers", name), "idle-tier", f"no change can ever have the tier {name!r}: nothing asks for it")


def _named_tiers(document: Document) -> set[str]:
    floors = {environment.at_least for environment in document.environments.values()}
    floors |= {service.at_least for service in document.services.values()}
    floors |= {way.promote.down_to for way in document.autonomy if way.earned}
    named = {*(rule.tier for rule in document.rules), document.unmatched, *floors, list(document.tiers)[-1]}
    return {tier for tier in named if tier in document.tiers}


def _taken_twice(policy: Policy, kind: str, parts: Mapping[str, _Placed]) -> Iterator[Lint]:
    for name, part in parts.items():
        place = where(policy, f"{kind}s", name)
        if nothing(part.paths):
            yield Lint(place, "matches-nothing", f"{kind} {name!r} has no path at all", serious=True)
            continue
        for other_name, other in parts.items():
            if other_name != name and includes(other.paths, part.paths):
                text = f"every path of {kind} {name!r} is one of {kind} {other_name!r} too: such changes are always refused"
                yield Lint(place, "taken-twice", text, serious=True)
                break
