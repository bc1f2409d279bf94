"""One record in flat words: what somebody would ask for. Reads the record's plain data; believes that it was verified.

An outcome names neither people nor environment: its intent does. Whoever holds both puts them together (`after`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from countersign.attestation.accounts.plain import Plain, at, number, part, parts, text, texts

_WORDS = 6000
"""Characters of text that can be searched for, a record; the rest is in the record."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one record tells. Times are as the record has them: UTC, microseconds, so that their order is that of the text."""

    seq: int
    id: str
    kind: str
    key: str
    time: str
    recorded: str
    summary: str
    run: str | None = None
    repository: str | None = None
    iid: int | None = None
    head: str | None = None
    environment: str | None = None
    action: str | None = None
    tier: str | None = None
    effect: str | None = None
    agent: str | None = None
    model: str | None = None
    skill: str | None = None
    sponsor: str | None = None
    author: str | None = None
    policy: str | None = None
    stage: str | None = None
    why: str | None = None
    tokens: str | None = None
    """How many values of which class stand in it as tokens: `2 host, 1 secret`, or `none`; None where the record does not say."""
    tainted: bool = False
    loose: bool = False
    """Whether a credential was not proved dead: it may have outlived the outcome."""
    intent: int | None = None
    services: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    words: str = ""

    @property
    def change(self) -> str | None:
        """Write the change as forges do."""
        return None if self.repository is None or self.iid is None else f"{self.repository}!{self.iid}"

    def after(self, intent: "Account") -> "Account":
        """Take over from the intent what an outcome does not repeat: who, where, what."""
        return replace(
            self.joined(intent),
            services=intent.services,
            approvers=intent.approvers,
            paths=intent.paths,
            rules=intent.rules,
        )

    def joined(self, intent: "Account") -> "Account":
        """Take over what is one of a kind; lists stay with the intent."""
        return replace(
            self,
            intent=intent.seq,
            head=self.head or intent.head,
            environment=intent.environment,
            action=intent.action,
            tier=intent.tier,
            effect=intent.effect,
            agent=intent.agent,
            model=intent.model,
            skill=intent.skill,
            sponsor=intent.sponsor,
            author=intent.author,
            policy=intent.policy,
        )


def account(predicate: Mapping[str, object]) -> Account:
    """Read a record's predicate."""
    body = part(predicate, "body")
    actor, decision, change = part(body, "actor"), part(body, "decision"), part(predicate, "change")
    reasons = parts(decision, "reasons")
    plan, result = part(decision, "plan"), part(body, "result")
    promoted = part(body, "promotion", "combination")
    approvers = tuple(name for person in parts(actor, "approvers") if (name := text(person, "username")))
    paths = texts(body, "change", "paths")
    fault = text(body, "fault")
    why = text(body, "why") or fault
    return Account(
        seq=number(predicate, "seq") or 0,
        id=text(predicate, "id") or "",
        kind=text(predicate, "kind") or "",
        key=text(predicate, "key") or "",
        time=text(predicate, "time") or "",
        recorded=text(predicate, "recorded_time") or "",
        summary=text(predicate, "summary") or "",
        run=text(predicate, "run_id"),
        repository=text(change, "repository"),
        iid=number(change, "iid"),
        head=text(body, "change", "head"),
        environment=text(decision, "environment") or text(promoted, "environment"),
        action=text(plan, "action") or text(promoted, "action"),
        tier=text(decision, "tier"),
        effect=text(decision, "effect"),
        agent=text(actor, "agent", "id") or text(promoted, "agent"),
        model=text(actor, "agent", "model") or None,
        skill=text(body, "claims", "skill") or text(promoted, "skill"),
        sponsor=text(actor, "sponsor", "username"),
        author=text(actor, "author", "username"),
        policy=text(body, "policy", "digest"),
        stage=text(body, "stage"),
        why=why,
        tokens=_tokens(body),
        tainted=at(result, "tainted") is True,
        loose=any(text(grant, "proof") != "dead" for grant in parts(body, "grants")),
        services=texts(decision, "services") or tuple(name for name in [text(promoted, "service")] if name),
        approvers=approvers,
        paths=paths,
        hosts=tuple(dict.fromkeys(name for item in parts(result, "connections") if (name := text(item, "name")))),
        credentials=_credentials(body),
        rules=tuple(dict.fromkeys(rule for item in reasons if item.get("decides") is True and (rule := text(item, "rule")))),
        words=_words(predicate, why, reasons, plan, result),
    )


def _tokens(body: Plain) -> str | None:
    counts = at(body, "tokens", "counts")
    if not isinstance(counts, dict):
        return None
    return ", ".join(f"{number(counts, kind)} {kind}" for kind in sorted(counts) if number(counts, kind)) or "none"


def _credentials(body: Plain) -> tuple[str, ...]:
    """Give every name of a credential: the handle, known before it is minted, and the name under which the target logs it."""
    named = [text(lease, "handle") for lease in parts(body, "leases")]
    for grant in parts(body, "grants"):
        named += (text(grant, "handle"), text(grant, "public_id"))
    return tuple(dict.fromkeys(name for name in named if name))


def _words(predicate: Mapping[str, object], why: str | None, reasons: tuple[Plain, ...], plan: Plain, result: Plain) -> str:
    said = [
        text(predicate, "summary"),
        why,
        *(text(reason, "text") for reason in reasons if reason.get("decides") is True),
        " ".join(texts(plan, "argv")),
        text(result, "stderr", "tail"),
        text(result, "stdout", "tail"),
        *(text(predicate, "body", "claims", name) for name in ("emergency", "rollback")),
        text(predicate, "body", "rationale", "text"),
    ]
    return "\n".join(item for item in said if item)[:_WORDS]
