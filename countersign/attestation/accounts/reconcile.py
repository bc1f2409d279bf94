"""Holds a target's own log against the record: who was there without a run, and which run was never seen there.

A use without a run is a finding: somebody reached the target by another way. So is a use outside of the credential's life. A run
that the target did not see is a note: it may not have connected, or the log may not cover it. Does not read logs
(`countersign.adapters.logs`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from countersign.attestation.accounts.runs import Lifetime, Run


@dataclass(frozen=True, slots=True)
class Use:
    """Something that the target saw done. `names` are all under which the record could know the credential, the best first.

    `session` groups what belongs together; `allowed` is False where the target turned it away.
    """

    at: datetime
    session: str
    names: tuple[str, ...]
    principal: str
    what: str
    source: str | None
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class Session:
    """Uses of one session: the first, the last, how many, and what."""

    name: str
    names: tuple[str, ...]
    principal: str
    sources: tuple[str, ...]
    first: datetime
    last: datetime
    uses: int
    whats: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        return {
            "did": list(self.whats),
            "first": self.first.isoformat(),
            "from": list(self.sources),
            "last": self.last.isoformat(),
            "principal": self.principal,
            "session": self.name,
            "uses": self.uses,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """A session that the record does not explain, and why not."""

    session: Session
    why: str
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it. `explained` counts the sessions that belong to a run; `unseen` are credentials that no session used."""

    findings: tuple[Finding, ...]
    unseen: tuple[tuple[Run, Lifetime], ...]
    explained: int
    turned_away: int
    since: datetime | None
    until: datetime | None


_MOST = 5


def sessions(uses: Iterable[Use]) -> tuple[Session, ...]:
    """Put uses that the target allowed together, in the order of their first ones."""
    found: dict[str, list[Use]] = {}
    for use in uses:
        if use.allowed:
            found.setdefault(use.session, []).append(use)
    made = [
        Session(
            name=name,
            names=tuple(dict.fromkeys(word for use in group for word in use.names)),
            principal=group[0].principal,
            sources=tuple(dict.fromkeys(use.source for use in group if use.source)),
            first=min(use.at for use in group),
            last=max(use.at for use in group),
            uses=len(group),
            whats=tuple(dict.fromkeys(use.what for use in group))[:_MOST],
        )
        for name, group in found.items()
    ]
    return tuple(sorted(made, key=lambda item: (item.first, item.name)))


def reconcile(
    uses: Sequence[Use], runs: Iterable[Run], *, providers: frozenset[str], skew: timedelta = timedelta(minutes=2)
) -> Reconciled:
    """Hold uses against the credentials of runs. `skew` is how far the target's clock and ours may differ."""
    lives = [(run, life) for run in runs for life in run.lifetimes if life.provider in providers]
    by_name: dict[str, list[tuple[Run, Lifetime]]] = {}
    for run, life in lives:
        for name in dict.fromkeys(filter(None, (life.public_id, life.handle, run.intent.run))):
            by_name.setdefault(name, []).append((run, life))
    findings: list[Finding] = []
    seen: set[tuple[str | None, str]] = set()
    all_of_them = sessions(uses)
    for session in all_of_them:
        known = next((by_name[name] for name in session.names if name in by_name), [])
        seen |= {(run.intent.run, life.handle) for run, life in known}
        if not known:
            findings.append(Finding(session, "no run on the record used a credential of this name"))
        elif not any(
            life.began - skew <= session.first and (life.ended is None or session.last <= life.ended + skew) for _, life in known
        ):
            run, life = known[0]
            why = f"used outside of its life, {life.began:%Y-%m-%d %H:%M:%S} to {_end(life)} UTC"
            findings.append(Finding(session, why, run))
    times = [use.at for use in uses]
    since, until = min(times, default=None), max(times, default=None)
    unseen = tuple(
        (run, life)
        for run, life in lives
        if (run.intent.run, life.handle) not in seen and since is not None and until is not None and since <= life.began <= until
    )
    turned_away = sum(not use.allowed for use in uses)
    return Reconciled(tuple(findings), unseen, len(all_of_them) - len(findings), turned_away, since, until)


def _end(life: Lifetime) -> str:
    return "now" if life.ended is None else f"{life.ended:%Y-%m-%d %H:%M:%S}"
