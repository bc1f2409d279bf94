"""Which classes are replaced where: what the policy says for the environment, and secrets always. Emptiness never means fewer."""

from collections.abc import Iterable

from countersign.domain.policy import Document
from countersign.domain.tokens.kinds import ALL, ALWAYS, ValueClass


def wanted(policy: Document | None, environment: str | None) -> frozenset[ValueClass]:
    """Give the classes for an environment; all of the policy's where it is not known, all there are where there is no policy."""
    if policy is None:
        return ALL
    place = None if environment is None else policy.environments.get(environment)
    return ALWAYS | (classes(policy.tokens) if place is None else classes(place.tokenize))


def recorded(names: object) -> frozenset[ValueClass]:
    """Read back what a record says; all there are where it says nothing that can be read."""
    known = {kind.value for kind in ValueClass}
    if not isinstance(names, list) or not known.issuperset(map(str, names)):
        return ALL
    return ALWAYS | classes(map(str, names))


def classes(names: Iterable[str]) -> frozenset[ValueClass]:
    """Give classes by their names, which the policy's form has checked."""
    return frozenset(ValueClass(name) for name in names)
