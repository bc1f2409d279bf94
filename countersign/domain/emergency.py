"""An emergency: what lifts a freeze, and nothing else. It has a quorum of its own, ends by itself, and is reviewed after.

It is asked for in a commit of the change, so that the head that people approve holds it; a label or a comment does nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from countersign.domain.ids import RunId
from countersign.domain.policy_values import Model, Name, Seconds, Whole


class Emergency(Model):
    """Who may lift a freeze, and what follows."""

    from_: Annotated[Name, Field(alias="from", description="The team whose people lift it, beside those whom the tier asks.")]
    count: Annotated[Whole, Field(ge=1, le=20, description="How many people of it.")] = 1
    lifts: Annotated[Literal["freezes"], Field(description="Freezes. Nothing else can be lifted.")]
    lasts: Annotated[Seconds, Field(le=86400, description="How long one of their approvals lifts it; a day at most.")]
    review_within: Annotated[Seconds, Field(description="When the review is due. Until then there is no second emergency.")]


@dataclass(frozen=True, slots=True, order=True)
class EmergencyUse:
    """One run that went through a freeze, as the record tells."""

    at: datetime
    run: RunId


@dataclass(frozen=True, slots=True)
class Lifted:
    """What an emergency did to a decision: when its people's word ends, and when a review is due (UTC)."""

    ends: datetime
    review_by: datetime

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        return {"ends": self.ends.isoformat(), "review_by": self.review_by.isoformat()}


def open_review(emergency: Emergency, uses: Iterable[EmergencyUse], *, run: RunId, now: datetime) -> datetime | None:
    """Give the end of the time in which another run's emergency shuts out a second one, where that is not over."""
    window = timedelta(seconds=emergency.review_within)
    ends = (use.at + window for use in uses if use.run != run)
    return max((end for end in ends if end > now), default=None)
