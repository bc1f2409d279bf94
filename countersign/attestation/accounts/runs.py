"""One run as its records tell it: what was announced, what came of it, and how long each credential lived.

Two records, and a third where the outcome says lost and somebody found out more (an annotation).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from countersign.attestation.accounts.account import Account, account
from countersign.attestation.accounts.left_out import left_out
from countersign.attestation.accounts.moment import placed
from countersign.attestation.accounts.plain import Plain, number, part, parts, text

_DEAD, _LOOSE = "grants[] proved dead", "grants[] not proved dead"
"""Parts that an outcome leaves out where it has no room (`runners.fitting`): credentials."""

_SKEW = timedelta(minutes=2)
"""How far the clocks may differ of two runners who tell of the same credential."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A credential's life. `began` and `ended` are proved by the record where they can be; else they are bounds.

    `certain` is False where nobody recorded the minting: it may have been minted from the intent on, and lived for its `ttl`.
    `ended` is None while the run is open: it may mint at any time, and a session may outlive the term (postgres) until it is
    revoked. No outcome is recorded before every credential was.
    """

    handle: str
    provider: str
    public_id: str | None
    began: datetime
    ended: datetime | None
    expires: datetime
    revoked: datetime | None
    proof: str | None
    scope: Plain
    certain: bool
    listed: bool
    """Whether a record of how the run ended names it. One that is not listed may be known to be dead all the same."""

    def live(self, at: datetime) -> bool:
        """Say whether it worked, or may have worked, at this moment."""
        return self.began <= at and (self.ended is None or at < self.ended)


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of a run, as the runner measured it."""

    name: str
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A run. `outcome` is None while it is open. `since` is what was found of it where that says lost."""

    intent: Account
    outcome: Account | None
    announced: Plain
    closed: Plain
    since: Account | None = None
    found: Plain = field(default_factory=dict)

    @property
    def began(self) -> datetime:
        """Give the time of the intent."""
        return instant(self.intent.recorded)

    @property
    def ended(self) -> datetime | None:
        """Give the time of the outcome; None while the run is open."""
        return None if self.outcome is None else instant(self.outcome.recorded)

    @property
    def result(self) -> Plain:
        """Give what came of the command, by its outcome or by what was found since; empty where nobody saw it."""
        return part(self.closed, "result") or part(self.found, "result")

    @property
    def found_as(self) -> str:
        """Give what it ended as by what was found since."""
        return text(self.found, "found") or "unknown"

    @property
    def ending(self) -> str:
        """Say how it ended, and that a later record says it where the outcome could not."""
        if self.outcome is None:
            return "open"
        later = "" if self.since is None else f", found since: {self.found_as} (record {self.since.seq})"
        return f"{self.outcome.kind}{later}"

    @property
    def left_out(self) -> Mapping[str, int]:
        """Give the parts that the outcome had no room for, or had to cut, with the bytes that they had."""
        return {**left_out(self.closed), **left_out(self.found)}

    def not_listed(self, *names: str) -> tuple[str, ...]:
        """Say of each of these lists that it was left out, if it was."""
        return tuple(f"not listed: {name} ({size:,} bytes)" for name, size in self.left_out.items() if name in names)

    def open(self, at: datetime) -> bool:
        """Say whether the run was under way at this moment."""
        return self.began <= at and (self.ended is None or at < self.ended)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Give the steps in the order in which they began."""
        found = []
        for step in parts(self.closed, "timeline"):
            began, length = moment_of(step, "began"), number(step, "ms")
            if began is not None and length is not None:
                found.append(Phase(text(step, "name") or "step", began, began + timedelta(milliseconds=_bounded(length))))
        return tuple(sorted(found, key=lambda phase: phase.began))

    @property
    def lifetimes(self) -> tuple[Lifetime, ...]:
        """Give every credential that the run minted or may have minted."""
        closed, found = _by_handle(self.closed, "grants"), _by_handle(self.found, "grants")
        scopes = {handle: part(lease, "scope") for handle, lease in _by_handle(self.announced, "leases").items()}
        handles = dict.fromkeys([*scopes, *closed, *found])
        return tuple(self._lifetime(one, closed.get(one, {}), found.get(one, {}), scopes.get(one, {})) for one in handles)

    def _lifetime(self, handle: str, closed: Plain, found: Plain, scope: Plain) -> Lifetime:
        """Put a life together. What was found since counts, but a death that the outcome proves stands (`_died`)."""
        untold = not found and _LOOSE in left_out(self.found)  # it may be one of those that are not listed
        grant = {} if untold else found or closed
        died = None if untold else self._died(closed, found)
        minted, revoked = moment_of(grant, "minted"), moment_of(grant if died is None else closed, "revoked")
        proof = text(grant, "proof") if died is None else "dead"
        if died is None and minted is not None and revoked is not None and revoked + _SKEW < minted:  # of another life
            proof = revoked = None
        ttl = timedelta(seconds=_bounded(number(scope, "ttl") or 0))
        began = minted or self.began
        expires = moment_of(grant, "expires") or (self.ended or began) + ttl
        ended = died or (revoked if proof == "dead" else None)
        return Lifetime(
            handle=handle,
            provider=text(grant, "provider") or text(scope, "provider") or "",
            public_id=text(grant, "public_id"),
            began=began,
            ended=None if self.outcome is None else min(ended or expires, expires),
            expires=expires,
            revoked=revoked,
            proof=proof,
            scope=scope,
            certain=minted is not None,
            listed=bool(grant),
        )

    def _died(self, closed: Plain, found: Plain) -> datetime | None:
        """Give by when the outcome proves a credential dead; None where it does not, or where it may have been minted after that.

        One that it left out as proved dead died before it. Where others were left out too, nobody can tell which it is.
        """
        if closed:
            died = moment_of(closed, "revoked") if text(closed, "proof") == "dead" else None
        else:
            gone = left_out(self.closed)
            died = self.ended if _DEAD in gone and _LOOSE not in gone else None
        minted = moment_of(found, "minted")
        before = not found or (died is not None and minted is not None and minted + _SKEW <= died)
        return died if before else None


def make_run(intent: Mapping[str, object], outcome: Mapping[str, object] | None, since: Mapping[str, object] | None = None) -> Run:
    """Put a run together from the predicates of its records."""
    first = account(intent)
    last, later = (None if told is None else account(told).after(first) for told in (outcome, since))
    return Run(first, last, part(intent, "body"), part(outcome, "body"), later, part(since, "body"))


def all_runs(predicates: Iterable[Mapping[str, object]]) -> tuple[Run, ...]:
    """Find the runs among records, oldest first."""
    intents: dict[str, Mapping[str, object]] = {}
    outcomes: dict[str, Mapping[str, object]] = {}
    since: dict[str, Mapping[str, object]] = {}
    for predicate in predicates:
        name, about = text(predicate, "run_id"), text(predicate, "body", "run")
        if name is not None:
            (intents if text(predicate, "kind") == "intent" else outcomes)[name] = predicate
        elif about is not None and text(predicate, "kind") == "annotation":
            since[about] = predicate
    return tuple(make_run(intent, outcomes.get(name), since.get(name)) for name, intent in intents.items())


def _by_handle(body: Plain, name: str) -> dict[str, Plain]:
    return {handle: item for item in parts(body, name) if (handle := text(item, "handle"))}


def instant(written: str) -> datetime:
    """Read a time of a record."""
    return datetime.fromisoformat(written).astimezone(UTC)


def moment_of(value: Plain, name: str) -> datetime | None:
    """Read a time of a body; None where there is none that can be one."""
    written = text(value, name)
    try:
        read = None if written is None else datetime.fromisoformat(written)
        return None if read is None or read.tzinfo is None else placed(read, name)
    except ValueError:
        return None


def _bounded(length: int) -> int:
    """Keep arithmetic with times possible, whatever a body says."""
    return min(max(0, length), 10**9)
