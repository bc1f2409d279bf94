"""The policy as a document: what its keys are and what values they take. Names are checked in `policy_check`.

Strict: unknown keys are errors. Descriptions are what editors show; the JSON Schema is generated from here (ADR 4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from countersign.domain.decision import NetworkTier, Place
from countersign.domain.facts import Kind
from countersign.domain.glob_index import GlobIndex
from countersign.domain.ids import Digest
from countersign.domain.policy_values import (
    Account,
    Argument,
    Argv,
    Bytes,
    Flag,
    Globs,
    Group,
    Image,
    Listed,
    LocalTime,
    Name,
    Pattern,
    RoleArn,
    Seconds,
    Sentence,
    Server,
    Whole,
    Zone,
)


class Model(BaseModel):
    """Strict and frozen: what a policy says is what it means."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)


class Slot(Model):
    """Whose approval a tier asks for."""

    from_: Annotated[str, Field(alias="from", description="A team, or `owner` for every touched service's owner.")]
    count: Annotated[Whole, Field(ge=1, le=20, description="How many people of it.")] = 1


class TierLimits(Model):
    """How much one change of a tier may hold. Over the last tier's limits it is refused."""

    files: Annotated[Whole | None, Field(ge=0, description="Paths that change; both sides of a rename.")] = None
    lines: Annotated[Whole | None, Field(ge=0, description="Lines added plus lines removed.")] = None
    deletes: Annotated[Whole | None, Field(ge=0, description="Paths that are deleted.")] = None


class Tier(Model):
    """How careful to be."""

    mode: Annotated[Literal["autonomous", "approve", "notify"], Field(description="Apply then tell, ask first, or only tell.")]
    approvals: Annotated[tuple[Slot, ...], Field(description="One person fills one slot.")] = ()
    expires: Annotated[Seconds | None, Field(description="How long an approval lives; 24h where mode approve does not say.")] = None
    limits: Annotated[TierLimits | None, Field(description="A change that is larger is lifted to the next tier.")] = None


class AgentEntry(Model):
    """Who speaks through an agent: its account on the forge, and the people who may ask it for changes."""

    account: Account
    sponsors: Annotated[tuple[Account, ...], Field(min_length=1)]


class Environment(Model):
    """A place where changes take effect."""

    paths: Globs
    at_least: Name | None = None
    network: Name | None = None
    freezes: tuple[Name, ...] = ()


class Service(Model):
    """Something that somebody owns."""

    paths: Globs
    owner: Name
    at_least: Name | None = None


class PlanFacts(Model):
    """What a rule asks of the measured effects. Kinds are named with `*` and `?`; docs/facts.md lists them."""

    deletes: Annotated[
        tuple[Pattern, ...], Field(description="Kinds of things that would be gone or replaced: table, aws_db_*.")
    ] = ()
    replaces: Annotated[tuple[Pattern, ...], Field(description="Kinds of things that would be deleted and made anew.")] = ()
    turns_off: Annotated[tuple[Pattern, ...], Field(description="Protections that would be gone: deletion_protection, …")] = ()


class Rule(Model):
    """One sentence of the policy. `paths` and `kinds` say where and both must hold; of `plan` and `removes` one is enough."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    paths: Globs | None = None
    kinds: Annotated[tuple[Kind, ...], Field(description="What the path is, beside a plain file.")] = ()
    plan: PlanFacts | None = None
    removes: Annotated[tuple[Sentence, ...], Field(description="Text of a line that would be gone: `prevent_destroy = true`.")] = ()
    tier: Name | None = None
    alone: Annotated[Flag, Field(description="Not together with any other change.")] = False
    because: Sentence | None = None
    deny: Annotated[Sentence | None, Field(description="Refuse, and say this.")] = None


class Freeze(Model):
    """A window in which an environment rests. Times are local to the zone."""

    start: LocalTime
    end: LocalTime
    zone: Zone


class ActionCredentials(Model):
    """Which credentials each phase is given."""

    run: tuple[Name, ...] = ()


class Action(Model):
    """Something that a runner can do: one program and its arguments, never a shell line."""

    paths: Globs
    run: Argv
    rollback: Argv | None = None
    sandbox: Name
    credentials: ActionCredentials = ActionCredentials()


class PostgresCredential(Model):
    """A login role for one run, member of `role`."""

    provider: Literal["postgres"]
    role: Argument
    database: Argument
    server: Server
    ttl: Seconds


class AwsCredential(Model):
    """A session of `role`, narrowed by an inline session policy."""

    provider: Literal["aws"]
    role: RoleArn
    region: str | None = None
    session_policy: dict[str, object] | None = None
    ttl: Seconds


Credential = Annotated[PostgresCredential | AwsCredential, Field(discriminator="provider")]


class Network(Model):
    """How traffic gets out, and to where."""

    tier: NetworkTier
    allow: tuple[Listed, ...] = ()


class Sandbox(Model):
    """Where an action runs."""

    image: Image
    memory: Bytes = 2**28
    pids: Annotated[Whole, Field(ge=1, le=4096)] = 64
    timeout: Seconds = 600


class Document(Model):
    """The whole file."""

    version: Literal[1]
    teams: dict[Name, Annotated[tuple[Group, ...], Field(min_length=1)]]
    agents: dict[Name, AgentEntry] = {}
    tiers: Annotated[dict[Name, Tier], Field(min_length=1, description="Mildest first; the strictest match wins.")]
    unmatched: Annotated[str, Field(description="The tier of a path that no rule names, or `refuse`.")]
    environments: dict[Name, Environment] = {}
    services: dict[Name, Service] = {}
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    freezes: dict[Name, Freeze] = {}
    actions: dict[Name, Action] = {}
    credentials: dict[Name, Credential] = {}
    networks: dict[Name, Network] = {}
    sandboxes: dict[Name, Sandbox] = {}


class Part(NamedTuple):
    """A part of the policy that has paths: a rule by its number, the others by name."""

    kind: Literal["rule", "environment", "service", "action"]
    key: str | int


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that has passed every check: its document, the digest of its bytes, and where each part stands.

    `index` answers which of `parts` a path belongs to; it is made once and asked for every change.
    """

    document: Document
    digest: Digest
    places: Mapping[tuple[str | int, ...], Place]
    parts: tuple[Part, ...]
    index: GlobIndex

    @classmethod
    def of(cls, document: Document, digest: Digest, places: Mapping[tuple[str | int, ...], Place]) -> Self:
        """Compile a document that has been checked."""
        lists: dict[Part, tuple[str, ...]] = {
            Part("rule", number): rule.paths for number, rule in enumerate(document.rules) if rule.paths is not None
        }
        lists |= {Part("environment", name): item.paths for name, item in document.environments.items()}
        lists |= {Part("service", name): item.paths for name, item in document.services.items()}
        lists |= {Part("action", name): item.paths for name, item in document.actions.items()}
        return cls(document, digest, places, tuple(lists), GlobIndex(list(lists.values())))

    @property
    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """Give the groups on the forge that make up each team."""
        return self.document.teams

    @property
    def agents(self) -> Mapping[str, AgentEntry]:
        """Give the agents that may propose changes."""
        return self.document.agents

    def place(self, *path: str | int) -> Place | None:
        """Give where a part of the document stands."""
        return self.places.get(path)
