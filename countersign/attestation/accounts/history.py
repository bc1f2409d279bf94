"""What of the record bears on a promotion, read once and kept small: runs of agents, what people proposed, what was lost. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from countersign.attestation.accounts.ends import never_began, went_wrong
from countersign.attestation.accounts.plain import Plain, number, part, parts, text, texts
from countersign.attestation.accounts.runs import moment_of
from countersign.attestation.record import OUTCOMES
from countersign.domain.autonomy import AUTHENTICATED
from countersign.domain.policy_autonomy import WORDS

_OUTCOMES = frozenset(kind.value for kind in OUTCOMES)
ANY = "*"
"""Stands for every path, where a record does not list all of them."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that began. `has` are the words that it counts as; one that an agent did not make all of has none.

    Approvers are by number.
    """

    began: datetime
    ended: datetime
    tier: str
    well: bool
    has: Mapping[str, str]
    approvers: Mapping[int, str]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """`by_people` has the times at which people proposed to change a path, in order; `lost` is by step and combination."""

    runs: tuple[Ran, ...]
    by_people: Mapping[str, Sequence[datetime]]
    keys: frozenset[str]
    """Of promotions, and of what took them back."""
    lost: Mapping[tuple[str, tuple[tuple[str, str], ...]], datetime]


@dataclass(frozen=True, slots=True)
class _Begun:
    began: datetime
    tier: str
    has: Mapping[str, str]
    approvers: Mapping[int, str]
    paths: tuple[str, ...]


def read_history(predicates: Iterable[Plain]) -> History:
    """Read records, oldest first."""
    begun: dict[str, _Begun] = {}
    runs: list[Ran] = []
    by_people: dict[str, list[datetime]] = {}
    keys: set[str] = set()
    lost: dict[tuple[str, tuple[tuple[str, str], ...]], datetime] = {}
    for predicate in predicates:
        kind, run, body = text(predicate, "kind"), text(predicate, "run_id"), part(predicate, "body")
        when = moment_of(predicate, "recorded_time")
        if when is None:
            continue
        if kind in {"assessed", "refused"}:
            if part(body, "actor") and not _known(body):  # what was refused before it was looked at names nobody, and no path
                for path in _paths(body):
                    by_people.setdefault(path, []).append(when)
        elif kind == "intent" and run is not None:
            begun[run] = _begin(body, when)
        elif kind in {"promoted", "demoted"}:
            keys.add(text(predicate, "key") or "")
            if kind == "demoted":
                promotion = part(body, "promotion")
                named = sorted((word, str(value)) for word, value in part(promotion, "combination").items())
                lost[text(promotion, "step") or "", tuple(named)] = when
        elif kind in _OUTCOMES and run is not None and (start := begun.pop(run, None)) is not None and not never_began(kind, body):
            well = went_wrong(kind, body) is None
            runs.append(Ran(start.began, when, start.tier, well, start.has, start.approvers, start.paths))
    return History(tuple(runs), by_people, frozenset(keys), lost)


def _known(body: Plain) -> bool:
    """Say whether an agent that is known by its account asked: whoever only writes an agent's name is a person."""
    return (number(body, "actor", "agent", "strength") or 0) >= AUTHENTICATED


def _paths(body: Plain) -> tuple[str, ...]:
    listed = texts(body, "change", "paths")
    return listed if number(body, "change", "paths_total") == len(listed) else (*listed, ANY)


def _begin(body: Plain, when: datetime) -> _Begun:
    counted = part(body, "change", "counts_as")
    people = {number(person, "id"): text(person, "username") or "" for person in parts(body, "actor", "approvers")}
    return _Begun(
        began=when,
        tier=text(body, "decision", "tier") or "",
        has={word: value for word in WORDS if (value := text(counted, word)) is not None},
        approvers={person: name for person, name in people.items() if person is not None},
        paths=_paths(body),
    )
