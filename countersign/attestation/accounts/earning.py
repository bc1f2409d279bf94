"""What kinds of change have earned so far, as the record tells: runs that went well, on how many days, approved by how many. Pure.

A run counts where an agent that is known by its account asked for it in the tier that a promotion leads down from, it was approved,
it ended well with every credential proved dead, and no person proposed another change to one of its paths in the two days after,
which have to be over. What goes wrong once too often begins the count anew. Grants nothing: people do, in the policy.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from countersign.attestation.accounts.history import ANY, History, Ran, read_history
from countersign.attestation.accounts.plain import Plain
from countersign.domain.autonomy import promotions
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


def earnings(policy: Policy, predicates: Iterable[Plain], *, now: datetime) -> tuple[Earning, ...]:
    """Look at every way down of a policy, and at each combination that has a run there or that people promoted."""
    history = read_history(predicates)
    promoted = [(where[1], found) for where, found in promotions(policy)]
    return tuple(
        earning
        for place, way in enumerate(policy.document.autonomy)
        for earning in _of_way(place, way, history, {found.combination: found for at, found in promoted if at == place}, now)
    )


def _of_way(
    place: int, way: Promotion, history: History, promoted: Mapping[Combination, Promoted], now: datetime
) -> Iterator[Earning]:
    runs: dict[Combination, list[Ran]] = {combination: [] for combination in promoted}
    for ran in history.runs:
        combination = _combination(ran, way.each)
        if combination is None or ran.tier != way.promote.down_from:
            continue
        lost = history.lost.get((str(way.promote), combination))
        if lost is None or ran.began > lost:
            runs.setdefault(combination, []).append(ran)
    for combination, found in sorted(runs.items()):
        tally = _tally(_since_too_many(found, way.after.rollbacks), history, now)
        known = promoted.get(combination)
        standing = _standing(known, history.keys)
        if standing in {Standing.COUNTING, Standing.LOST} and tally.enough(way.after):
            standing = Standing.EARNED
        yield Earning(place, way, combination, tally, standing, known)


def _standing(found: Promoted | None, keys: frozenset[str]) -> Standing:
    """Say how the record stands to a promotion; what nobody promoted is counted for."""
    if found is None:
        return Standing.COUNTING
    if demoted_key(found.name) in keys:
        return Standing.LOST
    return Standing.IN_FORCE if promoted_key(found.name) in keys else Standing.UNCONFIRMED


def _since_too_many(runs: Sequence[Ran], allowed: int) -> Sequence[Ran]:
    """Give the newest runs, as many as hold no more that went wrong than may."""
    wrong = [place for place, ran in enumerate(runs) if not ran.well]
    return runs[wrong[-allowed - 1] + 1 :] if len(wrong) > allowed else runs


def _tally(runs: Sequence[Ran], history: History, now: datetime) -> Tally:
    settled = (ran for ran in runs if ran.well and ran.approvers and ran.ended + SETTLED <= now)
    counted = [ran for ran in settled if not _mended(ran, history)]
    people = {person: name for ran in counted for person, name in ran.approvers.items()}  # names change, numbers do not
    return Tally(
        runs=len(counted),
        days=len({ran.ended.date() for ran in counted}),
        approvers=tuple(sorted(people.values())),
        went_wrong=sum(not ran.well for ran in runs),
    )


def _combination(ran: Ran, each: Sequence[str]) -> Combination | None:
    """Give the values of the words that are counted together; None where the run has not one of each."""
    found = [(word, ran.has[word]) for word in sorted(each) if word in ran.has]
    return tuple(found) if len(found) == len(each) else None


def _mended(ran: Ran, history: History) -> bool:
    for path in (*ran.paths, ANY):
        times = history.by_people.get(path, ())
        after = bisect_right(times, ran.ended)
        if after < len(times) and times[after] <= ran.ended + SETTLED:
            return True
    return False
