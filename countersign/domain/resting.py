"""Whether what a change touches rests now: its freezes, and the emergency that may lift them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from countersign.domain.approval import Evidence
from countersign.domain.counting import Asked, Counted
from countersign.domain.decision import Effect, Reason
from countersign.domain.emergency import Emergency, Lifted, open_review
from countersign.domain.freezes import frozen_until
from countersign.domain.ids import run_id
from countersign.domain.matching import Touched
from countersign.domain.policy import Policy
from countersign.domain.proposal import Proposal

_EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Rest:
    """The freezes that are on, each with its end; together they last until `until`.

    `emergency` is there where the change asks for one, a freeze is on, and none is under review: then its people are asked.
    """

    freezes: tuple[Reason, ...]
    until: datetime | None
    emergency: Emergency | None
    notes: tuple[Reason, ...]

    @classmethod
    def of(cls, policy: Policy, touch: Touched, proposal: Proposal, evidence: Evidence, now: datetime) -> Self:
        """Look at the freezes of every environment touched."""
        document = policy.document
        named = [
            (name, freeze) for name in sorted(touch.environments) for freeze in sorted(set(document.environments[name].freezes))
        ]
        until = frozen_until((document.freezes[freeze] for _, freeze in named), now) if named else None
        freezes = () if until is None else tuple(_freezes(policy, named, now))
        if proposal.claims.emergency is None:
            return cls(freezes, until, None, ())
        return cls(freezes, until, *_asked(policy, proposal, evidence, until, now))

    @property
    def slots(self) -> tuple[Asked, ...]:
        """Give the emergency's own slot."""
        if self.emergency is None:
            return ()
        return (Asked(self.emergency.from_, self.emergency.count, self.emergency.lasts, emergency=True),)

    def lifted(self, counted: Counted, now: datetime) -> Lifted | None:
        """Say whether the emergency's people have lifted the freezes, and until when: the first word to end ends it."""
        people = [person for need in counted.needs if need.emergency for person in need.filled_by]
        if self.emergency is None or any(need.missing for need in counted.needs if need.emergency):
            return None
        ends = min(counted.since[person.id] for person in people) + timedelta(seconds=self.emergency.lasts)
        return Lifted(ends=ends, review_by=now + timedelta(seconds=self.emergency.review_within))

    def reasons(self, lifted: Lifted | None) -> Iterator[Reason]:
        """Give the freezes as reasons: a hold, or what an emergency lifted."""
        yield from self.notes
        for freeze in self.freezes:
            if lifted is None:
                yield freeze
            else:
                text = f"{freeze.text}; lifted by an emergency until {lifted.ends:%Y-%m-%d %H:%M} UTC"
                yield Reason(freeze.rule, text, place=freeze.place)


def _freezes(policy: Policy, named: list[tuple[str, str]], now: datetime) -> Iterator[Reason]:
    for environment, name in named:
        end = frozen_until((policy.document.freezes[name],), now)
        if end is not None:
            shown = f"{end:%Y-%m-%d %H:%M} UTC"
            place = policy.place("freezes", name)
            why = f"{environment} is frozen until {shown}"
            yield Reason(f"freeze {name}", why, Effect.FROZEN, place=place, to_pass=f"wait until {shown}")


def _asked(
    policy: Policy, proposal: Proposal, evidence: Evidence, until: datetime | None, now: datetime
) -> tuple[Emergency | None, tuple[Reason, ...]]:
    """See whether the change may have the emergency that it asks for."""
    emergency, place = policy.document.emergency, policy.place("emergency")
    if until is None:
        return None, (Reason(_EMERGENCY, "asked for, and nothing is frozen: it lifts freezes only", place=place),)
    if emergency is None:
        return None, (Reason(_EMERGENCY, "asked for, and this policy has none: the freeze holds"),)
    review = open_review(emergency, evidence.emergencies, run=run_id(proposal.change, proposal.head), now=now)
    if review is not None:
        why = f"a second emergency before {review:%Y-%m-%d %H:%M} UTC, when the review of the last one is due"
        return None, (Reason(_EMERGENCY, why, Effect.REFUSED, place=place, to_pass="leave it out and wait for the freeze to end"),)
    why = f"lifts the freeze when {emergency.count} of {emergency.from_} approve as well"
    return emergency, (Reason(_EMERGENCY, why, place=place),)
