"""What a scenario of an incident says: one YAML file a row, strictly read. Plays nothing (`stage.py`)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

ROWS = Path(__file__).parent / "rows"
TUESDAY = datetime(2026, 11, 24, 11, tzinfo=UTC)


class Part(BaseModel):
    """Strict, so that a misspelt expectation fails rather than passes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Many(Part):
    """The same for many paths: `{n}` counts from 1."""

    path: str
    times: int
    before: str | None = None
    after: str | None = None
    repeats: int = 1
    """How often the text after stands there, before `end`."""
    end: str = ""


class Says(Part):
    """What the agent claims."""

    environment: str | None = None
    action: str | None = None
    rollback: str | None = None
    emergency: str | None = None
    rationale: str = ""
    tests: tuple[str, ...] = ()
    not_sure: tuple[str, ...] = ()


class Expect(Part):
    """What must come of it."""

    effect: Literal["refused", "frozen", "notify", "approve", "autonomous", "does not load"]
    rule: str | None = None
    """For a refusal or a freeze: one of the rules that decide. For a policy that does not load: a part of its error."""
    tier: str | None = None
    action: str | None = None
    until: datetime | None = None
    satisfied: bool = False
    """Whether every approval that is needed is there."""
    not_counted: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    said_and_seen: str | None = None


class Scenario(Part):
    """One proposal and what must come of it."""

    name: str
    at: datetime = TUESDAY
    policy: tuple[tuple[str, str], ...] = ()
    """Texts of policy.yaml to replace."""
    before: dict[str, str] = {}
    files: dict[str, str | None] = {}
    many: tuple[Many, ...] = ()
    latin: tuple[str, ...] = ()
    """Paths whose text is written in Latin-1."""
    plans: dict[str, dict[str, object]] = {}
    title: str = "Change things"
    branch: str = "proposals/ops-agent/1"
    says: Says = Says()
    agent: str | None = "ops-agent"
    author: str = "ops-agent"
    stranger: bool = False
    """Whether a commit is by an address that no account owns."""
    approvals: tuple[str, ...] = ()
    expect: Expect

    def sides(self) -> tuple[dict[str, str], dict[str, str | None]]:
        """Give the files before, and those that the change writes or deletes."""
        before, after = dict(self.before), dict(self.files)
        for many in self.many:
            for number in range(1, many.times + 1):
                path = many.path.replace("{n}", str(number))
                if many.before is not None:
                    before[path] = many.before.replace("{n}", str(number))
                text = None if many.after is None else many.after.replace("{n}", str(number))
                after[path] = None if text is None else text * many.repeats + many.end
        return before, after


class Row(Part):
    """A row of the corpus: what was tried, and the same with harmless content, which must get through."""

    row: Annotated[int, Field(ge=1, le=26)]
    incident: str
    attacks: tuple[Scenario, ...] = Field(min_length=1)
    twins: tuple[Scenario, ...] = Field(min_length=1)


def rows() -> list[Row]:
    """Read every row."""
    yaml = YAML(typ="safe", pure=True)
    return [Row.model_validate(yaml.load(path)) for path in sorted(ROWS.glob("*.yaml"))]
