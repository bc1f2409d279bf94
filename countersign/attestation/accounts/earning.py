"""What kinds of change have earned so far, as the record tells: runs that went well, on how many days, approved by how many. Pure.

A run counts where it was asked for in the tier that a promotion leads down from, was approved, ended well with every credential
proved dead, and no person proposed another change to one of its paths within two days. What goes wrong once too often begins the
count anew. Grants nothing: people do, in the policy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from countersign.attestation.accounts.account import Account, account
from countersign.attestation.accounts.plain import Plain, number, part, text
from countersign.attestation.accounts.runs import Run, all_runs, instant
from countersign.domain.autonomy import AUTHENTICATED, promotions
from countersign.domain.policy import Policy
from countersign.domain.policy_autonomy import After, Promotion
from countersign.domain.promoted import Promoted, demoted_key, promoted_key

SETTLED = timedelta(hours=48)
"""A person who proposes to change the same path so soon after has mended it."""

Combination = tuple[tuple[str, str], ...]


class Standing(StrEnum):
    """How a combination stands."""

    IN_FORCE = "in force"
    UNCONFIRMED = "promoted, not on the record yet"
    LOST = "lost"
    EARNED = "earned: people may promote it"
    COUNTING = "counting"


@dataclass(frozen=True, slots=True)
class Tally:
    """What counts for a combination since it was last lost, or last went wrong too often. `went_wrong` did not end well since."""

    runs: int
    days: int
    approvers: tuple[str, ...]
    went_wrong: int

    def enough(self, after: After) -> bool:
        """Say whether that is what a promotion takes."""
        return self.runs >= after.runs and self.days >= after.days and len(self.approvers) >= after.approvers


@dataclass(frozen=True, slots=True)
class Earning:
    """A combination on one of the policy's ways down (by its number): what counts for it, how it stands, what the policy says."""

    number: int
    way: Promotion
    combination: Combination
    tally: Tally
    standing: Standing
    promoted: Promoted | None

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        return {
            "approvers": list(self.tally.approvers),
            "combination": dict(self.combination),
            "days": self.tally.days,
            "name": None if self.promoted is None else self.promoted.name,
            "needs": self.way.after.model_dump(),
            "runs": self.tally.runs,
            "standing": self.standing.value,
            "step": str(self.way.promote),
            "went_wrong": self.tally.went_wrong,
        }


def earnings(policy: Policy, predicates: Iterable[Plain]) -> tuple[Earning, ...]:
    """Look at every way down of a policy, and at each combination that has a run there or that people promoted."""
    history = _History.of(predicates)
    promoted = [(where[1], found) for where, found in promotions(policy)]
    return tuple(
        earning
        for place, way in enumerate(policy.document.autonomy)
        for earning in _of_way(place, way, history, {found.combination: found for at, found in promoted if at == place})
    )


@dataclass(frozen=True, slots=True)
class _History:
    """What of the record bears on it. `by_people` is what was proposed without an agent; `lost` is by step and combination."""

    runs: tuple[Run, ...]
    by_people: tuple[Account, ...]
    keys: frozenset[str]
    lost: Mapping[tuple[str, Combination], datetime]

    @classmethod
    def of(cls, predicates: Iterable[Plain]) -> "_History":
        records = list(predicates)
        told = [account(record) for record in records]
        lost: dict[tuple[str, Combination], datetime] = {}
        for record, one in zip(records, told, strict=True):
            if one.kind == "demoted":
                promotion = part(record, "body", "promotion")
                named = sorted((word, str(value)) for word, value in part(promotion, "combination").items())
                lost[text(promotion, "step") or "", tuple(named)] = instant(one.recorded)
        people = tuple(one for one in told if one.kind == "assessed" and one.agent is None)
        return cls(all_runs(records), people, frozenset(one.key for one in told), lost)

    def standing(self, found: Promoted | None) -> Standing:
        """Say how the record stands to a promotion; nobody's is counted for."""
        if found is None:
            return Standing.COUNTING
        if demoted_key(found.name) in self.keys:
            return Standing.LOST
        return Standing.IN_FORCE if promoted_key(found.name) in self.keys else Standing.UNCONFIRMED


def _of_way(place: int, way: Promotion, history: _History, promoted: Mapping[Combination, Promoted]) -> Iterator[Earning]:
    runs: dict[Combination, list[Run]] = {combination: [] for combination in promoted}
    for run in history.runs:
        combination = _combination(run, way.each)
        if combination is None or run.outcome is None or run.intent.tier != way.promote.down_from:
            continue
        lost = history.lost.get((str(way.promote), combination))
        if lost is None or run.began > lost:
            runs.setdefault(combination, []).append(run)
    for combination, found in sorted(runs.items()):
        tally = _tally(_since_too_many(found, way.after.rollbacks), history.by_people)
        known = promoted.get(combination)
        standing = history.standing(known)
        if standing in {Standing.COUNTING, Standing.LOST} and tally.enough(way.after):
            standing = Standing.EARNED
        yield Earning(place, way, combination, tally, standing, known)


def _since_too_many(runs: Sequence[Run], allowed: int) -> Sequence[Run]:
    """Give the newest runs, as many as hold no more that went wrong than may."""
    wrong = [place for place, run in enumerate(runs) if not _ended_well(run)]
    return runs[wrong[-allowed - 1] + 1 :] if len(wrong) > allowed else runs


def _tally(runs: Sequence[Run], by_people: Sequence[Account]) -> Tally:
    good = [run for run in runs if _ended_well(run)]
    counted = [run for run in good if run.intent.approvers and not _mended(run, by_people)]
    return Tally(
        runs=len(counted),
        days=len({run.ended.date() for run in counted if run.ended is not None}),
        approvers=tuple(sorted({name for run in counted for name in run.intent.approvers})),
        went_wrong=len(runs) - len(good),
    )


def _combination(run: Run, each: Sequence[str]) -> Combination | None:
    """Give the values of the words that are counted together; None where the run has not one of each."""
    told, actor = run.intent, part(run.announced, "actor", "agent")
    known = (number(actor, "strength") or 0) >= AUTHENTICATED
    has = {
        "action": told.action,
        "agent": told.agent if known else None,
        "environment": told.environment,
        "service": told.services[0] if len(told.services) == 1 else None,
        "skill": told.skill if known else None,
    }
    found = [(word, value) for word in sorted(each) if (value := has[word]) is not None]
    return tuple(found) if len(found) == len(each) else None


def _ended_well(run: Run) -> bool:
    outcome = run.outcome
    return outcome is not None and outcome.kind == "executed" and not outcome.tainted and not outcome.loose


def _mended(run: Run, by_people: Iterable[Account]) -> bool:
    ended, paths = run.ended, set(run.intent.paths)
    return ended is not None and any(
        ended < instant(one.recorded) <= ended + SETTLED and not paths.isdisjoint(one.paths) for one in by_people
    )
