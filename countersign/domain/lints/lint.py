"""One doubtful thing, and where it stands."""

from dataclasses import dataclass

from countersign.domain.decision import Place
from countersign.domain.policy import Policy

_TOP = Place("policy", 1)


@dataclass(frozen=True, slots=True, order=True)
class Lint:
    """`kind` is the name by which documents and programs know it; `serious` where the policy does not do what it says."""

    place: Place
    kind: str
    text: str
    serious: bool = False


def where(policy: Policy, *path: str | int) -> Place:
    """Give the place of a part, or of the nearest part around it that stands in the file."""
    places = (policy.place(*path[:length]) for length in range(len(path), -1, -1))
    return next((place for place in places if place is not None), _TOP)
