"""How a kind of change may earn a milder tier: one step at a time, lost at once. Describes; promotes nobody."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from countersign.domain.policy_values import Model, Name, Whole, written

_STEP = re.compile(r"([a-z0-9][a-z0-9._-]{0,62}) -> ([a-z0-9][a-z0-9._-]{0,62})")


@dataclass(frozen=True, slots=True)
class Step:
    """From a tier to the next milder one."""

    down_from: str
    down_to: str


def _step(value: object) -> object:
    if isinstance(value, str) and (found := _STEP.fullmatch(value)):
        return Step(found[1], found[2])
    raise ValueError("a promotion is written `medium -> low`")


class Earned(Model):
    """What must have gone well first."""

    runs: Annotated[Whole, Field(ge=1, le=10_000, description="Runs that were verified, with no human commit after them.")]
    days: Annotated[Whole, Field(ge=5, le=3650, description="Distinct days on which they were.")]
    approvers: Annotated[Whole, Field(ge=1, le=50, description="Different people who approved them.")]
    rollbacks: Annotated[Whole, Field(ge=0, le=100, description="How many of them may have been rolled back.")] = 0


class Promotion(Model):
    """One way down."""

    promote: Annotated[
        Step,
        BeforeValidator(_step),
        written(f"^{_STEP.pattern}$", "medium -> low"),
        Field(description="From a tier to the one before it."),
    ]
    each: Annotated[
        tuple[Literal["skill", "action", "service", "environment", "agent"], ...],
        Field(min_length=1, description="What is counted together: every combination earns for itself."),
    ]
    after: Annotated[Earned, Field(description="What it takes, since it was last lost.")]
    by: Annotated[Name, Field(description="The team that merges the change to the policy which the bot opens.")]
    demote_on: Annotated[
        tuple[Literal["rollback", "failed_verify", "denied_credential", "drift", "incident"], ...],
        Field(min_length=1, description="What loses it, at once."),
    ]
