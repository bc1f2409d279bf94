"""The policy as a document: what its keys are and what values they take. Names are checked in `policy_check`.

Strict: unknown keys are errors. Descriptions are what editors show; the JSON Schema is generated from here (ADR 4).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from countersign.domain.decision import NetworkTier, Place
from countersign.domain.facts import Kind
from countersign.domain.globs import check_glob
from countersign.domain.ids import Digest
from countersign.domain.run import Endpoint

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,200}@sha256:[0-9a-f]{64}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[0-9]{1,5})?")
_PLACEHOLDERS = re.compile(r"\{([a-z]*)\}")
_KNOWN_PLACEHOLDERS = frozenset({"environment", "service", "files"})
_HTTPS = 443


def _seconds(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]{1,5})([smhd])", value)):
        return int(found[1]) * _UNITS[found[2]]
    raise ValueError("a duration is a number and a unit: 90s, 10m, 24h, 2d")


def _bytes(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]{1,6})(Ki|Mi|Gi)", value)):
        return int(found[1]) * _SIZES[found[2]]
    raise ValueError("a size is a number and a unit: 256Mi, 1Gi")


def _glob(value: str) -> str:
    check_glob(value)
    return value


def _template(value: str) -> str:
    bare = _PLACEHOLDERS.sub(lambda found: "" if found[1] in _KNOWN_PLACEHOLDERS else "{", value)
    if "{" in bare or "}" in bare:
        raise ValueError("the placeholders are {environment}, {service} and, as a whole argument, {files}")
    if "{files}" in value and value != "{files}":
        raise ValueError("{files} stands alone: it becomes one argument a file")
    return value


def _endpoint(value: object) -> object:
    if not isinstance(value, str) or not _HOST.fullmatch(value):
        raise ValueError("an endpoint is a host name in lower case, with a port or 443: no wildcard, no address range")
    host, _, port = value.partition(":")
    number = int(port or _HTTPS)
    if not 1 <= number <= 2**16 - 1:
        raise ValueError("a port is between 1 and 65535")
    return Endpoint(host, number)


def _image(value: str) -> str:
    if not _IMAGE.fullmatch(value):
        raise ValueError("an image is named by digest: name@sha256:… (a tag can be moved; incidents 11 and 12)")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not a time zone of the IANA database, such as Europe/Berlin") from None
    return value


def _local(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", value):
        return datetime.fromisoformat(value)
    raise ValueError("a local time is written 2026-12-18T17:00, without an offset: the zone is named apart")


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Seconds = Annotated[int, BeforeValidator(_seconds), Field(ge=1)]
Bytes = Annotated[int, BeforeValidator(_bytes), Field(ge=2**20)]
Glob = Annotated[str, AfterValidator(_glob)]
Globs = Annotated[tuple[Glob, ...], Field(min_length=1)]
Argument = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_template)]
Argv = Annotated[tuple[Argument, ...], Field(min_length=1)]
LocalTime = Annotated[datetime, BeforeValidator(_local)]


class Model(BaseModel):
    """Strict and frozen: what a policy says is what it means."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)


class Slot(Model):
    """Whose approval a tier asks for."""

    from_: Annotated[str, Field(alias="from", description="A team, or `owner` for every touched service's owner.")]
    count: Annotated[int, Field(ge=1, le=20, description="How many people of it.")] = 1


class Tier(Model):
    """How careful to be."""

    mode: Annotated[Literal["autonomous", "approve", "notify"], Field(description="Apply then tell, ask first, or only tell.")]
    approvals: Annotated[tuple[Slot, ...], Field(description="One person fills one slot.")] = ()
    expires: Annotated[Seconds | None, Field(description="How long an approval lives.")] = None


class AgentEntry(Model):
    """Who speaks through an agent: its account on the forge, and the people who may ask it for changes."""

    account: str
    sponsors: Annotated[tuple[str, ...], Field(min_length=1)]


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
    """What a rule asks of the measured effects."""

    deletes: Annotated[tuple[str, ...], Field(min_length=1, description="Kinds of things that would be gone: table, column, …")]


class Rule(Model):
    """One sentence of the policy. Every condition that it names must hold."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    paths: Globs | None = None
    kinds: tuple[Kind, ...] = ()
    plan: PlanFacts | None = None
    tier: Name | None = None
    alone: bool = False
    because: str | None = None
    deny: str | None = None


class Freeze(Model):
    """A window in which an environment rests. Times are local to the zone."""

    start: LocalTime
    end: LocalTime
    zone: Annotated[str, AfterValidator(_zone)]


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
    server: Annotated[str, Field(pattern=r"^[a-z0-9.{}-]+:[0-9]{1,5}$"), AfterValidator(_template)]
    ttl: Seconds


class AwsCredential(Model):
    """A session of `role`, narrowed by an inline session policy."""

    provider: Literal["aws"]
    role: Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/{}-]+$"), AfterValidator(_template)]
    region: str | None = None
    session_policy: dict[str, object] | None = None
    ttl: Seconds


Credential = Annotated[PostgresCredential | AwsCredential, Field(discriminator="provider")]


class Network(Model):
    """How traffic gets out, and to where."""

    tier: NetworkTier
    allow: tuple[Annotated[Endpoint, BeforeValidator(_endpoint)], ...] = ()


class Sandbox(Model):
    """Where an action runs."""

    image: Annotated[str, AfterValidator(_image)]
    memory: Bytes = 2**28
    pids: Annotated[int, Field(ge=1, le=4096)] = 64
    timeout: Seconds = 600


class Document(Model):
    """The whole file."""

    version: Literal[1]
    teams: dict[Name, Annotated[tuple[str, ...], Field(min_length=1)]]
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


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that has passed every check: its document, the digest of its bytes, and where each part stands."""

    document: Document
    digest: Digest
    places: Mapping[tuple[str | int, ...], Place]

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
