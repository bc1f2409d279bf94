"""What a forge answered about approvals and teams, with what a record needs to name its evidence. Decides nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from countersign.domain.ids import Digest
from countersign.domain.people import Approval, Person
from countersign.domain.versions import Version


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: the path that was asked for, without host and token, and the SHA-256 of the bytes that came.

    The bytes hold more than what was read of them, such as a change's description: whoever writes the digest down seals it.
    """

    path: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Approvals:
    """The approvals that stand, and all versions of the change, by which the head of each was told."""

    given: tuple[Approval, ...] = ()
    versions: tuple[Version, ...] = ()
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Members:
    """Everybody who is in a group."""

    people: frozenset[Person]
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """Who is in a team by one of the names that the policy gives for it: a group, or an account."""

    team: str
    by: str
    people: frozenset[Person]


@dataclass(frozen=True, slots=True)
class Heard:
    """All that the forge answered for one judgement."""

    versions: tuple[Version, ...] = ()
    answers: tuple[Answer, ...] = ()
    memberships: tuple[Membership, ...] = ()

    def by(self, team: str, person: Person) -> str | None:
        """Say by which name a person is in a team; None where that was not asked."""
        return next((found.by for found in self.memberships if found.team == team and _is_among(person, found.people)), None)


NOTHING_HEARD = Heard()
"""Nobody has been asked."""


def _is_among(person: Person, people: Iterable[Person]) -> bool:
    return any(other.id == person.id for other in people)
