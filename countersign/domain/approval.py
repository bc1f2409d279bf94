"""What is known about approvals at the moment of deciding. `decide` says which of them count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from countersign.domain.emergency import EmergencyUse
from countersign.domain.people import Approval, Person


@dataclass(frozen=True, slots=True)
class Evidence:
    """Approvals as the forge holds them now, team membership as it is now, and when the question was put.

    `members` maps a team of the policy to the people in it. `asked` is the time of the signed record that first showed
    exactly this plan under exactly this policy for exactly this head; an approval given before it approved something
    else, or nothing, and does not count. None means that the question has not been put yet: then none counts. `machines` are
    the accounts that this installation itself runs under (bot, runner): they never count, whatever the forge calls them.
    `emergencies` are the runs that went through a freeze, as the record tells. `earned` names the promotions that the record
    confirms and has not taken back.
    """

    approvals: tuple[Approval, ...] = ()
    members: Mapping[str, frozenset[Person]] = field(default_factory=dict)
    asked: datetime | None = None
    machines: frozenset[Person] = frozenset()
    emergencies: tuple[EmergencyUse, ...] = ()
    earned: frozenset[str] = frozenset()


NOTHING_YET = Evidence()
"""No approval, no membership, not asked: what a change starts with."""
