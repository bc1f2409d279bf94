"""One record in flat words: what somebody would ask for. Reads the record's plain data; believes that it was verified.

An outcome repeats who and where from its intent, where it has room, but not what was decided. Whoever holds both puts them together
(`after`). What is told of a run later, in an annotation, belongs to that run as its outcome does.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from countersign.attestation.accounts.leaves import VALUE_CLASSES, Said, leaves

_WORDS = 6000
"""Characters of text that can be searched for, a record; the rest is in the record."""

_MANY = 10**9
"""More paths than any change has, whatever a record says."""

TAKEN_OVER = ("environment", "action", "tier", "effect", "agent", "model", "skill", "sponsor", "author", "policy", "unlisted")
"""What is one of a kind and stands in the intent whole; an outcome may repeat some of it, or have no room for it."""


class Account(NamedTuple):
    """What one record tells. Times are as the record has them: UTC, microseconds, so that their order is that of the text.

    A tuple, since the index makes one of every record, and a frozen dataclass of this size takes five times as long.
    """

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
    unlisted: int = 0
    """How many paths of the change the record does not name: their list is cut, and its inputs were too large."""
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

    @property
    def places(self) -> tuple[str, ...]:
        """Give the paths as people are shown them: with a word for those that the record does not name."""
        return (*self.paths, f"and {self.unlisted} more that the record does not name") if self.unlisted else self.paths

    def after(self, intent: "Account") -> "Account":
        """Take over from the intent what an outcome does not repeat, or may have cut: who, where, what, by which rules."""
        return self.joined(intent)._replace(
            services=intent.services,
            approvers=intent.approvers,
            paths=intent.paths,
            rules=intent.rules,
        )

    def joined(self, intent: "Account") -> "Account":
        """Take over what is one of a kind; lists stay with the intent."""
        taken = {name: getattr(intent, name) for name in TAKEN_OVER}
        return self._replace(intent=intent.seq, head=self.head or intent.head, **taken)


def account(predicate: Mapping[str, object]) -> Account:
    """Read a record's predicate."""
    return told(leaves(predicate))


def told(said: Said) -> Account:
    """Put together what was found in a record."""
    why = said["why"] or said["fault"]
    reasons = [reason for reason in said["reasons"] if reason["decides"]]
    total = said["paths_total"] or 0
    paths = (
        tuple(said["paths"]) if total <= len(said["paths"]) else _once([*said["paths"], *(file["path"] for file in said["files"])])
    )
    return Account(
        seq=said["seq"] or 0,
        id=said["id"] or "",
        kind=said["kind"] or "",
        key=said["key"] or "",
        time=said["time"] or "",
        recorded=said["recorded"] or "",
        summary=said["summary"] or "",
        run=said["run"] or said["about_run"],
        repository=said["repository"],
        iid=said["iid"],
        head=said["head"],
        environment=said["environment"] or said["promoted_environment"],
        action=said["action"] or said["promoted_action"],
        tier=said["tier"],
        effect=said["effect"],
        agent=said["agent"] or said["promoted_agent"],
        model=said["model"] or None,
        skill=said["skill"] or said["promoted_skill"],
        sponsor=said["sponsor"],
        author=said["author"],
        policy=said["policy"],
        stage=said["stage"],
        why=why,
        tokens=_tokens(said),
        tainted=said["tainted"],
        loose=any(grant["proof"] != "dead" for grant in said["grants"]),
        services=tuple(said["services"]) or _once([said["promoted_service"]]),
        approvers=tuple([person["username"] for person in said["approvers"] if person["username"]]),
        paths=paths,
        unlisted=min(max(0, total - len(paths)), _MANY),
        hosts=_once([item["name"] for item in said["connections"]]),
        credentials=_credentials(said),
        rules=_once([reason["rule"] for reason in reasons]),
        words=_words(said, why, reasons),
    )


def _once(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([name for name in names if name]))


def _tokens(said: Said) -> str | None:
    if said["epoch"] is None:
        return None
    return ", ".join(f"{said[f'tokens_{kind}']} {kind}" for kind in VALUE_CLASSES if said[f"tokens_{kind}"]) or "none"


def _credentials(said: Said) -> tuple[str, ...]:
    """Give every name of a credential: the handle, known before it is minted, and the name under which the target logs it."""
    named = [lease["handle"] for lease in said["leases"]]
    for grant in said["grants"]:
        named += (grant["handle"], grant["public_id"])
    return _once(named)


def _words(said: Said, why: str | None, reasons: Sequence[Said]) -> str:
    texts = [said["summary"], why, *[reason["text"] for reason in reasons], " ".join(said["argv"]), said["stderr"], said["stdout"]]
    texts += [said["emergency"], said["rollback"], said["rationale"]]
    return "\n".join([text for text in texts if text])[:_WORDS]
