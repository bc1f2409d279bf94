"""The policy as a document: what its keys are and what values they take. Names are checked in `policy_check`.

Strict: unknown keys are errors. Descriptions are what editors show; the JSON Schema is generated from here (ADR 4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field

from countersign.domain.codeowners import CodeOwners, Owner
from countersign.domain.decision import Place
from countersign.domain.emergency import Emergency
from countersign.domain.facts import Kind
from countersign.domain.freezes import Freeze
from countersign.domain.glob_index import GlobIndex
from countersign.domain.ids import Digest
from countersign.domain.known_paths import KnownPaths
from countersign.domain.policy_actions import Action
from countersign.domain.policy_autonomy import Promotion
from countersign.domain.policy_credentials import Credential
from countersign.domain.policy_places import Environment, Network, Sandbox, Service, TokenClass
from countersign.domain.policy_sources import Extends
from countersign.domain.policy_values import Account, Flag, Globs, Group, Model, Name, Pattern, Seconds, Sentence, ValueName, Whole

FLOORS = " of the floor"
"""What is added to a team of the floor where this policy has another team of that name, or none."""


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

    account: Annotated[Account, Field(description="Its account on the forge.")]
    sponsors: Annotated[
        tuple[Account, ...], Field(min_length=1, description="Who may ask it for changes; none of them approves one.")
    ]


class PlanFacts(Model):
    """What a rule asks of the measured effects. Kinds are named with `*` and `?`; docs/facts.md lists them."""

    deletes: Annotated[
        tuple[Pattern, ...], Field(description="Kinds of things that would be gone or replaced: table, aws_db_*.")
    ] = ()
    replaces: Annotated[tuple[Pattern, ...], Field(description="Kinds of things that would be deleted and made anew.")] = ()
    turns_off: Annotated[tuple[Pattern, ...], Field(description="Protections that would be gone: deletion_protection, …")] = ()


class Rule(Model):
    """One sentence of the policy. `paths` and `kinds` say where and both must hold; of `plan` and `removes` one is enough."""

    name: Annotated[str, Field(min_length=1, max_length=120, description="What reasons and refusals call it.")]
    paths: Annotated[Globs | None, Field(description="Which paths it speaks of; all of them where nothing is said.")] = None
    kinds: Annotated[tuple[Kind, ...], Field(description="What the path is, beside a plain file.")] = ()
    plan: Annotated[PlanFacts | None, Field(description="Effects that were measured.")] = None
    removes: Annotated[tuple[Sentence, ...], Field(description="Text of a line that would be gone: `prevent_destroy = true`.")] = ()
    tier: Annotated[Name | None, Field(description="How careful to be; the strictest of all that match.")] = None
    alone: Annotated[Flag, Field(description="Not together with any other change.")] = False
    because: Annotated[Sentence | None, Field(description="Said with the reason.")] = None
    deny: Annotated[Sentence | None, Field(description="Refuse, and say this.")] = None


class Document(Model):
    """The whole file."""

    version: Annotated[Literal[1], Field(description="Of this form of policy.")]
    teams: Annotated[
        dict[Name, Annotated[tuple[Group, ...], Field(min_length=1)]],
        Field(description="People: groups on the forge, by full path."),
    ]
    extends: Annotated[Extends | None, Field(description="An organisation's floor, which this policy can only tighten.")] = None
    codeowners: Annotated[
        Literal["CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS"] | None,
        Field(description="The file that services with `owner: codeowners` take their owners from."),
    ] = None
    agents: dict[Name, AgentEntry] = Field(default_factory=dict, description="Who may propose changes, and for whom.")
    tiers: Annotated[dict[Name, Tier], Field(min_length=1, description="Mildest first; the strictest match wins.")]
    unmatched: Annotated[str, Field(description="The tier of a path that no rule names, or `refuse`.")]
    environments: dict[Name, Environment] = Field(default_factory=dict, description="Places where changes take effect.")
    services: dict[Name, Service] = Field(default_factory=dict, description="Things that somebody owns.")
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, description="Every one is tried; their order has no meaning.")]
    freezes: dict[Name, Freeze] = Field(default_factory=dict, description="Windows in which an environment rests.")
    emergency: Annotated[Emergency | None, Field(description="Who may lift a freeze. Without it nobody can.")] = None
    actions: dict[Name, Action] = Field(default_factory=dict, description="The only things that a runner can do.")
    credentials: dict[Name, Credential] = Field(default_factory=dict, description="Minted for each run and revoked after it.")
    networks: dict[Name, Network] = Field(default_factory=dict, description="What a run can reach, and how.")
    sandboxes: dict[Name, Sandbox] = Field(default_factory=dict, description="Containers that actions run in.")
    tokens: dict[ValueName, TokenClass] = Field(
        default_factory=dict, description="Classes of values that are hidden before they leave."
    )
    autonomy: Annotated[tuple[Promotion, ...], Field(description="How a kind of change may earn a milder tier.")] = ()


class Part(NamedTuple):
    """A part of the policy that has paths: a rule by its number, the others by name."""

    kind: Literal["rule", "environment", "service", "action"]
    key: str | int


@dataclass(frozen=True, slots=True)
class Beside:
    """What a policy takes from files beside it, and the digest of those. `codeowners` is a sentence where it cannot be read.

    `floor` is the policy that this one extends; `session_policies` are those of credentials that name a file.
    """

    codeowners: CodeOwners | str | None = None
    session_policies: Mapping[str, str] = field(default_factory=dict)
    floor: "Policy | None" = None
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that has passed every check: its document, the digest of its bytes, and where each part stands.

    What it takes from files beside it has a digest of its own. `index` answers which of `parts` a path belongs to; it is made once
    and asked for every change, and `known` keeps its answers. `ranks` are the tiers, mildest 0.
    """

    document: Document
    digest: Digest
    places: Mapping[tuple[str | int, ...], Place]
    parts: tuple[Part, ...]
    index: GlobIndex
    known: KnownPaths
    beside: Beside
    ranks: Mapping[str, int]
    everywhere: tuple[int, ...]
    """The rules without paths."""
    settling: Mapping[int, frozenset[Kind]]
    """The parts that are rules which settle a path by naming it, and the kinds of paths they are for; none stands for all."""

    @classmethod
    def of(
        cls, document: Document, digest: Digest, places: Mapping[tuple[str | int, ...], Place], beside: Beside | None = None
    ) -> Self:
        """Compile a document that has been checked."""
        lists: dict[Part, tuple[str, ...]] = {
            Part("rule", number): rule.paths for number, rule in enumerate(document.rules) if rule.paths is not None
        }
        lists |= {Part("environment", name): item.paths for name, item in document.environments.items()}
        lists |= {Part("service", name): item.paths for name, item in document.services.items()}
        lists |= {Part("action", name): item.paths for name, item in document.actions.items()}
        index = GlobIndex(list(lists.values()))
        everywhere = tuple(number for number, rule in enumerate(document.rules) if rule.paths is None)
        return cls(
            document=document,
            digest=digest,
            places=places,
            parts=tuple(lists),
            index=index,
            known=KnownPaths(index),
            beside=beside or Beside(),
            ranks=_ranks(document),
            everywhere=everywhere,
            settling=_settling(document, tuple(lists)),
        )

    def holding(self, document: Document) -> Self:
        """Give this policy with another document of the same paths, which the same index answers for."""
        return replace(self, document=document, ranks=_ranks(document), settling=_settling(document, self.parts))

    @property
    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """Give the groups on the forge that make up each team."""
        return self.document.teams

    @property
    def agents(self) -> Mapping[str, AgentEntry]:
        """Give the agents that may propose changes."""
        return self.document.agents

    def people(self, team: str) -> tuple[Owner, ...]:
        """Give whose members, or who, a decision means by a team that it asks.

        Raises:
            KeyError: no decision of this policy asks that team.
        """
        owners = self.beside.codeowners
        if isinstance(owners, CodeOwners) and team in owners.who:
            return owners.who[team]
        floor = self.beside.floor
        theirs = floor is not None and team.endswith(FLOORS)
        groups = floor.teams[team.removesuffix(FLOORS)] if floor is not None and theirs else self.teams[team]
        return tuple(Owner("group", group) for group in groups)

    def place(self, *path: str | int) -> Place | None:
        """Give where a part of the document stands."""
        return self.places.get(path)


def _settling(document: Document, parts: tuple[Part, ...]) -> dict[int, frozenset[Kind]]:
    """A rule that only watches for effects leaves its paths to the other rules."""
    rules = ((number, document.rules[int(part.key)]) for number, part in enumerate(parts) if part.kind == "rule")
    return {
        number: frozenset(rule.kinds)
        for number, rule in rules
        if rule.plan is None and not rule.removes and (rule.tier is not None or rule.deny is not None)
    }


def _ranks(document: Document) -> dict[str, int]:
    return {name: number for number, name in enumerate(document.tiers)}
