"""One scenario as its author writes it. Strict: a key that is not known is an error, never ignored."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from countersign.domain.facts import FileStatus, Kind
from countersign.domain.policy_values import Flag, Moment, Name, Seconds, Whole

_APPROVER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,254}/[A-Za-z0-9_.-]{1,255}")


def _approval(value: object) -> object:
    return {"by": value} if isinstance(value, str) else value


def _approver(value: object) -> object:
    if isinstance(value, str) and _APPROVER.fullmatch(value):
        return value
    raise ValueError("an approver is written as team/person")


def _file(value: object) -> object:
    """Let a text be the new content, and nothing a plain change."""
    return {} if value is None else {"content": value} if isinstance(value, str) else value


def _files(value: object) -> object:
    if isinstance(value, list | tuple):
        if len(set(map(str, value))) < len(value):
            raise ValueError("a path stands here twice")
        return {path if isinstance(path, str) else str(path): {} for path in value}
    return value


def _many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_many)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class FileFacts(_Model):
    """One path: what happens to it. With `before` or `content` both sides are analysed, as they are in a real change."""

    status: FileStatus = FileStatus.MODIFIED
    kinds: tuple[Kind, ...] = ()
    added: Annotated[Whole | None, Field(ge=0)] = None
    removed: Annotated[Whole | None, Field(ge=0)] = None
    before: str | None = None
    content: str | None = None


class PlanFacts(_Model):
    """Effects, measured elsewhere: a kind (`table`), or kind and name (`aws_db_instance.main`)."""

    deletes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    turns_off: tuple[str, ...] = ()


class Changed(_Model):
    """What changes: a list of paths, or each path with its facts. `lines` is the size of the whole change.

    Effects and lines that would be gone can be told instead of being analysed. A plan of Terraform is taken to be there, and
    to show nothing else.
    """

    files: Annotated[dict[str, Annotated[FileFacts, BeforeValidator(_file)]], BeforeValidator(_files)]
    lines: Annotated[Whole | None, Field(ge=0)] = None
    plan: PlanFacts = PlanFacts()
    removes: Annotated[tuple[str, ...], Field(description="Lines that would be gone, from the first path.")] = ()
    planned: Annotated[Flag, Field(description="Whether there is a plan of Terraform.")] = True


class Approved(_Model):
    """Somebody of a team approves, so long before the scenario's moment."""

    by: Annotated[str, BeforeValidator(_approver)]
    ago: Seconds = 60


class Says(_Model):
    """What the proposal says of itself."""

    environment: str | None = None
    action: str | None = None
    skill: str | None = None
    rollback: str | None = None
    emergency: Annotated[str | None, Field(description="Why a freeze should be lifted.")] = None


class Expected(_Model):
    """What the policy should say. Only what stands here is looked at; the outcome always does."""

    outcome: Literal["autonomous", "approve", "notify", "frozen", "refused"]
    until: Moment | None = None
    tier: Name | None = None
    approvals: Annotated[tuple[str, ...] | None, Field(description="A team for each approval that is asked for.")] = None
    rule: Annotated[Names, Field(description="Rules that the outcome rests on.")] = ()
    reasons: Annotated[Names, Field(description="Rules that are named, whether the outcome rests on them or not.")] = ()
    runs: Annotated[Flag | None, Field(description="Whether it would run now.")] = None
    environment: str | None = None
    services: tuple[str, ...] | None = None
    action: str | None = None
    credentials: tuple[str, ...] | None = None
    network: str | None = None


class Situation(_Model):
    """A change at a moment."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    at: Moment
    change: Changed
    approvals: tuple[Annotated[Approved, BeforeValidator(_approval)], ...] = ()
    agent: str | None = None
    sponsor: Annotated[str | None, Field(description="Who asked the agent; the agent's first sponsor where it is not said.")] = None
    author: str | None = None
    commits: Annotated[tuple[str, ...], Field(description="Others with a commit in the change.")] = ()
    says: Says = Says()
    earned: Annotated[Flag, Field(description="Whether the record stands behind what the policy says was earned.")] = False
    emergency_before: Annotated[Seconds | None, Field(description="So long ago another run went through a freeze.")] = None


class Scenario(Situation):
    """A situation, and what should be said of it."""

    expect: Expected
