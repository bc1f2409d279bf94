"""How a kind of change may earn a milder tier, and which ones people say have. Describes; `autonomy` says what that does."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from countersign.domain.policy_forms import SKILL
from countersign.domain.policy_values import Model, Moment, Name, Whole, written

Word = Literal["skill", "action", "service", "environment", "agent"]
WORDS: frozenset[str] = frozenset(get_args(Word))
"""What can be counted together."""

_STEP = re.compile(r"([a-z0-9][a-z0-9._-]{0,62}) -> ([a-z0-9][a-z0-9._-]{0,62})")


@dataclass(frozen=True, slots=True)
class Step:
    """From a tier to the next milder one."""

    down_from: str
    down_to: str

    def __str__(self) -> str:
        """Write it as policies do."""
        return f"{self.down_from} -> {self.down_to}"


def _step(value: object) -> object:
    if isinstance(value, str) and (found := _STEP.fullmatch(value)):
        return Step(found[1], found[2])
    raise ValueError("a promotion is written `medium -> low`")


class After(Model):
    """What must have gone well first."""

    runs: Annotated[Whole, Field(ge=1, le=10_000, description="Runs that were verified, with no human commit after them.")]
    days: Annotated[Whole, Field(ge=5, le=3650, description="Distinct days on which they were.")]
    approvers: Annotated[Whole, Field(ge=1, le=50, description="Different people who approved them.")]
    rollbacks: Annotated[Whole, Field(ge=0, le=100, description="How many of them may have failed or been rolled back.")] = 0


class Earned(Model):
    """One combination that people promoted: a value for each word of `each`, and since when."""

    skill: Annotated[str | None, Field(pattern=SKILL, description="As the agent names it.")] = None
    action: Annotated[Name | None, Field(description="That takes every path of the change.")] = None
    service: Annotated[Name | None, Field(description="That every path of the change belongs to.")] = None
    environment: Annotated[Name | None, Field(description="That every path of the change lies in.")] = None
    agent: Annotated[Name | None, Field(description="That proposed it.")] = None
    since: Annotated[Moment, Field(description="When it was promoted. What was lost is promoted anew with a later one.")]

    @property
    def combination(self) -> dict[str, str]:
        """Give what it names, by word."""
        told = {name: getattr(self, name) for name in sorted(WORDS)}
        return {name: value for name, value in told.items() if value is not None}


class Promotion(Model):
    """One way down."""

    promote: Annotated[
        Step,
        BeforeValidator(_step),
        written(f"^{_STEP.pattern}$", "medium -> low"),
        Field(description="From a tier to the one before it."),
    ]
    each: Annotated[
        tuple[Word, ...],
        Field(min_length=1, description="What is counted together: every combination earns for itself."),
    ]
    after: Annotated[After, Field(description="What it takes, since it was last lost.")]
    by: Annotated[
        Name,
        Field(description="Whose people should decide to promote it: said, not enforced."),
    ]
    demote_on: Annotated[
        tuple[Literal["rollback", "failed_verify", "denied_credential", "drift", "incident"], ...],
        Field(min_length=1, description="What should lose it, at once. A run that goes wrong always does; the rest people see."),
    ]
    earned: Annotated[tuple[Earned, ...], Field(description="The combinations that people promoted.")] = ()
