"""The answer to "may this change run?" with every reason that led to it. Types only; `decide` computes it."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal

from countersign.domain.canonical import canonical_json
from countersign.domain.emergency import Lifted
from countersign.domain.ids import Digest, Sha, digest_of
from countersign.domain.people import Person
from countersign.domain.promoted import Promoted
from countersign.domain.run import Endpoint, Limits
from countersign.domain.scope import Scope


class Effect(IntEnum):
    """What may happen, mildest first. A total order: the strictest effect wins (policy.md, rule 12)."""

    AUTONOMOUS = 0
    APPROVE = 1
    NOTIFY = 2
    FROZEN = 3
    REFUSED = 4

    @property
    def word(self) -> str:
        """Give the word that people and records use."""
        return self.name.lower()


class NetworkTier(StrEnum):
    """How traffic gets to the target."""

    NONE = "none"
    PUBLIC_HTTPS = "public-https"
    IP_ALLOWLIST = "ip-allowlist"
    PRIVATELINK = "privatelink"
    VPN = "vpn"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a rule stands: a file of the protected branch, line and column counted from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        """Write it as compilers do."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that bore on the decision.

    `rule` names it as the policy does ("production settings"), or as the code does for what is always so ("always: …").
    `effect` or `tier` is what it asks for; `decides` marks those that reached the final answer. `to_pass` is the smallest
    change that would make this reason go away, where there is one.
    """

    rule: str
    text: str
    effect: Effect | None = None
    tier: str | None = None
    place: Place | None = None
    path: str | None = None
    decides: bool = False
    to_pass: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """One slot: `count` people of `team`; `filled_by` are those who fill it, each one slot only.

    The tier asks for it, or with `emergency` the lifting of a freeze does.
    """

    team: str
    count: int
    filled_by: tuple[Person, ...] = ()
    emergency: bool = False

    @property
    def missing(self) -> int:
        """Count the people who are still to approve."""
        return max(0, self.count - len(self.filled_by))


@dataclass(frozen=True, slots=True)
class Discounted:
    """An approval that does not count, and why: nobody should have to guess."""

    person: Person
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Exactly what would run: what an approval approves.

    `argv` and `scopes` are those of the run; the phase before it and the way back have their own. `rollback` is `revert` where
    a revert commit is the way back. `inputs` are the paths and blobs of the change that the action takes (deletions have no
    blob and are left out).
    """

    action: str
    environment: str | None
    region: str | None
    services: tuple[str, ...]
    plan_argv: tuple[str, ...] | None
    argv: tuple[str, ...]
    rollback: tuple[str, ...] | Literal["revert"] | None
    sandbox: str
    image: str
    limits: Limits
    network: str
    network_tier: NetworkTier
    allow: tuple[Endpoint, ...]
    plan_scopes: tuple[Scope, ...]
    scopes: tuple[Scope, ...]
    rollback_scopes: tuple[Scope, ...]
    inputs: tuple[tuple[str, Sha], ...]

    def document(self) -> dict[str, object]:
        """Give the plan as plain data."""
        return {
            "action": self.action,
            "allow": [str(endpoint) for endpoint in self.allow],
            "argv": list(self.argv),
            "environment": self.environment,
            "image": self.image,
            "inputs": [list(item) for item in self.inputs],
            "limits": {
                "memory": self.limits.memory,
                "output": self.limits.output,
                "pids": self.limits.pids,
                "timeout": self.limits.timeout,
            },
            "network": self.network,
            "network_tier": self.network_tier.value,
            "plan_argv": None if self.plan_argv is None else list(self.plan_argv),
            "plan_scopes": [scope.document() for scope in self.plan_scopes],
            "region": self.region,
            "rollback": list(self.rollback) if isinstance(self.rollback, tuple) else self.rollback,
            "rollback_scopes": [scope.document() for scope in self.rollback_scopes],
            "sandbox": self.sandbox,
            "scopes": [scope.document() for scope in self.scopes],
            "services": list(self.services),
        }

    def digest(self) -> Digest:
        """Give the digest that approvals bind to."""
        return digest_of(canonical_json(self.document()))


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of a proposal at one moment.

    `effect` APPROVE with nothing missing in `needs` may run; so may AUTONOMOUS. Nothing else may. `plan` is None where no
    action takes the change: it may be merged by people, and nothing is minted (policy.md, rule 9). `until` is when a freeze
    ends; `expires` is how many seconds an approval of this tier lives; `emergency` is there where one lifted a freeze.
    `beside_digest` names the files that the policy takes a part of itself from, where it does. `promotions` cover the change,
    in force or not. `counts_as` is what kind of change it is, by the words that promotions count together; no part of the answer.
    """

    effect: Effect
    tier: str | None
    environment: str | None
    services: tuple[str, ...]
    plan: Plan | None
    reasons: tuple[Reason, ...]
    needs: tuple[Need, ...]
    discounted: tuple[Discounted, ...]
    policy_digest: Digest
    until: datetime | None = None
    expires: int | None = None
    emergency: Lifted | None = None
    beside_digest: Digest | None = None
    promotions: tuple[Promoted, ...] = ()
    counts_as: tuple[tuple[str, str], ...] = ()

    @property
    def satisfied(self) -> bool:
        """Say whether the change may go ahead now."""
        if self.effect is Effect.AUTONOMOUS:
            return True
        return self.effect is Effect.APPROVE and bool(self.needs) and not any(need.missing for need in self.needs)

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """Give the reasons that reached the final answer."""
        return tuple(reason for reason in self.reasons if reason.decides)

    def document(self) -> dict[str, object]:
        """Give the decision as plain data: what records, comments and `--format json` show."""
        earned = {"promotions": [item.document() for item in self.promotions]} if self.promotions else {}
        return earned | {
            "beside_digest": self.beside_digest,
            "discounted": [{"person": item.person.username, "why": item.why} for item in self.discounted],
            "effect": self.effect.word,
            "emergency": None if self.emergency is None else self.emergency.document(),
            "environment": self.environment,
            "expires": self.expires,
            "needs": [
                {
                    "count": need.count,
                    "emergency": need.emergency,
                    "filled_by": [person.username for person in need.filled_by],
                    "team": need.team,
                }
                for need in self.needs
            ],
            "plan": None if self.plan is None else self.plan.document(),
            "policy_digest": self.policy_digest,
            "reasons": [
                {
                    "decides": reason.decides,
                    "effect": None if reason.effect is None else reason.effect.word,
                    "path": reason.path,
                    "place": None if reason.place is None else str(reason.place),
                    "rule": reason.rule,
                    "text": reason.text,
                    "tier": reason.tier,
                    "to_pass": reason.to_pass,
                }
                for reason in self.reasons
            ],
            "satisfied": self.satisfied,
            "services": list(self.services),
            "tier": self.tier,
            "until": None if self.until is None else self.until.isoformat(),
        }
