"""Who takes part in a change: agent, sponsor, approvers. Does not decide who may approve."""

from dataclasses import dataclass
from datetime import datetime

from countersign.domain.ids import Sha


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """An account on the forge. `id` never changes or returns; `username` can be renamed and taken by another.

    Compare people by `id` only (SLSA source threats; attack 28).
    """

    id: int
    username: str
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Agent:
    """What acted. `strength` is 0 where only a trailer names it, 1 authenticated to us, 2 workload identity."""

    id: str
    model: str = ""
    strength: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval as the forge reports it, bound to the head that was the newest when it was given.

    `head` is None where no head can be proved: such an approval never counts. `at` is the forge's clock, UTC.
    """

    person: Person
    at: datetime
    head: Sha | None


@dataclass(frozen=True, slots=True)
class Contributor:
    """An author, committer or co-author of a commit in the change. `person` is None where no account owns the address."""

    commit: Sha
    email: str
    person: Person | None
