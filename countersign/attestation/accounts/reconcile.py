"""Holds a target's own log against the record: who was there without a run, and which run was never seen there.

A use without a run is a finding: somebody reached the target by another way. So is a use outside of the credential's life. Where
the record has the name under which the target logs a credential, nothing else explains a use: what a session calls itself, whoever
opens it chooses, and names of runs are public. A run that the target did not see is a note: it may not have connected, or the log
may not cover it. Does not read logs (`countersign.adapters.logs`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from countersign.attestation.accounts.runs import Lifetime, Run


@dataclass(frozen=True, slots=True)
class Use:
    """Something that the target saw done. `names` are all under which the record could know the credential, the best first.

    `session` groups what belongs together; `allowed` is False where the target turned it away. `opens`: it is the call that made
    the credential, which is explained as its uses are, and is none itself. Where a log has several lines about one `request`, only
    those at its furthest `stage` count.
    """

    at: datetime
    session: str
    names: tuple[str, ...]
    principal: str
    what: str
    source: str | None
    allowed: bool = True
    opens: bool = False
    request: tuple[str, ...] = ()
    stage: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in a log that is nobody's use of a credential, and why. Counted, so that nothing is passed over in silence."""

    why: str


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
    opens: bool = False

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
    since: datetime
    until: datetime


_MOST = 5

_Life = tuple[Run, Lifetime]


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
            opens=all(use.opens for use in group),
        )
        for name, group in found.items()
    ]
    return tuple(sorted(made, key=lambda item: (item.first, item.name)))


def _settled(uses: Sequence[Use]) -> list[Use]:
    """Leave out the earlier lines about requests of which there are later ones."""
    furthest: dict[tuple[str, ...], int] = {}
    for use in uses:
        furthest[use.request] = max(use.stage, furthest.get(use.request, 0))
    return [use for use in uses if not use.request or use.stage == furthest[use.request]]


def reconcile(
    uses: Sequence[Use], runs: Iterable[Run], *, providers: frozenset[str], skew: timedelta = timedelta(minutes=2)
) -> Reconciled:
    """Hold uses, at least one, against the credentials of runs. `skew` is how far the target's clock and ours may differ."""
    uses = _settled(uses)
    lives = [(run, life) for run in runs for life in run.lifetimes if life.provider in providers]
    proving: dict[str, list[_Life]] = {}
    claimed: dict[str, list[_Life]] = {}
    for run, life in lives:
        own = [life.public_id] if life.public_id else [life.handle, run.intent.run]
        for name in dict.fromkeys(filter(None, own)):
            proving.setdefault(name, []).append((run, life))
        for name in dict.fromkeys(filter(None, (life.handle, run.intent.run))):
            claimed.setdefault(name, []).append((run, life))
    findings: list[Finding] = []
    seen: set[tuple[str | None, str]] = set()
    all_of_them = sessions(uses)
    for session in all_of_them:
        known = _first(session.names, proving)
        seen |= set() if session.opens else {(run.intent.run, life.handle) for run, life in known}
        finding = _judge(session, known, _first(session.names, claimed), skew)
        if finding is not None:
            findings.append(finding)
    times = [use.at for use in uses]
    since, until = min(times), max(times)
    unseen = tuple((run, life) for run, life in lives if (run.intent.run, life.handle) not in seen and since <= life.began <= until)
    turned_away = sum(not use.allowed for use in uses)
    return Reconciled(tuple(findings), unseen, len(all_of_them) - len(findings), turned_away, since, until)


def _first(names: Iterable[str], by_name: Mapping[str, list[_Life]]) -> list[_Life]:
    return next((by_name[name] for name in names if name in by_name), [])


def _judge(session: Session, known: Sequence[_Life], claimed: Sequence[_Life], skew: timedelta) -> Finding | None:
    """Judge a session by the credentials that it used, and by the run that it names; None where a run explains it."""
    if any(life.began - skew <= session.first and (life.ended is None or session.last <= life.ended + skew) for _, life in known):
        return None
    if known:
        run, life = known[0]
        return Finding(session, f"used outside of its life, {life.began:%Y-%m-%d %H:%M:%S} to {_end(life)} UTC", run)
    if claimed:
        run, _ = claimed[0]
        return Finding(session, f"names {run.intent.run}, but used a credential that this run does not have", run)
    return Finding(session, "no run on the record used a credential of this name")


def _end(life: Lifetime) -> str:
    return "now" if life.ended is None else f"{life.ended:%Y-%m-%d %H:%M:%S}"
