"""Figures over many records: decisions by tier and week, how long approval took, refusals by rule. Counts; draws nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.runs import instant

NO_TIER = "none"
_SLOW = 0.9


@dataclass(frozen=True, slots=True)
class Lead:
    """How long it took from question to run in one week, in minutes: half were faster, nine in ten were faster."""

    half: float
    most: float
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What can be counted. Weeks are the Mondays they begin with, all of them between the first and the last record."""

    records: int
    changes: int
    kinds: dict[str, int]
    weeks: tuple[date, ...]
    tiers: tuple[str, ...]
    decisions: dict[date, dict[str, int]]
    leads: dict[date, Lead]
    lead: Lead | None
    refusals: dict[str, int]
    open_runs: int


def count(accounts: Iterable[Account], *, tiers: Sequence[str] = ()) -> Figures:
    """Count records. `tiers` gives an order for those that it names; others follow by name."""
    told = sorted(accounts, key=lambda item: item.seq)
    kinds = Counter(item.kind for item in told)
    asked = [item for item in told if item.kind in {"assessed", "refused"}]
    decisions: dict[date, dict[str, int]] = {}
    for item in asked:
        by_tier = decisions.setdefault(_week(item), {})
        by_tier[item.tier or NO_TIER] = by_tier.get(item.tier or NO_TIER, 0) + 1
    found = {item.tier or NO_TIER for item in asked}
    ordered = [tier for tier in tiers if tier in found] + sorted(found - set(tiers))
    waits = _waits(told)
    by_week: dict[date, list[float]] = {}
    for week, minutes in waits:
        by_week.setdefault(week, []).append(minutes)
    refusals = Counter(rule for item in told if item.kind == "refused" for rule in item.rules or (item.stage or "unknown",))
    closed = {item.run for item in told if item.kind in {"executed", "failed", "lost"}}
    return Figures(
        records=len(told),
        changes=len({item.change for item in told if item.change}),
        kinds=dict(kinds),
        weeks=_weeks([_week(item) for item in told]),
        tiers=tuple(ordered),
        decisions=decisions,
        leads={week: _lead(minutes) for week, minutes in by_week.items()},
        lead=_lead([minutes for _, minutes in waits]) if waits else None,
        refusals=dict(refusals.most_common()),
        open_runs=sum(item.kind == "intent" and item.run not in closed for item in told),
    )


def _waits(told: Iterable[Account]) -> list[tuple[date, float]]:
    """Give, for each run that people had to approve, the week and the minutes from its question to its intent."""
    asked: dict[tuple[str | None, str | None], Account] = {}
    found = []
    for item in told:
        if item.kind == "assessed":
            asked.setdefault((item.change, item.head), item)
        elif item.kind == "intent" and item.approvers and (item.change, item.head) in asked:
            first = asked[item.change, item.head]
            found.append((_week(item), (instant(item.recorded) - instant(first.recorded)).total_seconds() / 60))
    return found


def _lead(minutes: Sequence[float]) -> Lead:
    ordered = sorted(minutes)
    return Lead(half=median(ordered), most=ordered[min(len(ordered) - 1, int(len(ordered) * _SLOW))], count=len(ordered))


def _week(item: Account) -> date:
    day = instant(item.recorded).date()
    return day - timedelta(days=day.weekday())


def _weeks(found: Sequence[date]) -> tuple[date, ...]:
    if not found:
        return ()
    first, last = min(found), max(found)
    return tuple(first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1))
