"""Which parts of the policy a change touches: rules, environments, services, actions. Matches; does not judge.

Each path is asked once of the policy's index; paths that belong to the same parts are handled together from there on. So the
cost grows with the files of the change and hardly with the rules of the policy.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, partial
from itertools import islice, takewhile

from countersign.domain.analysers.lines import tight
from countersign.domain.facts import Act, Facts, FileChange, Kind, Unclear
from countersign.domain.grouping import Group, count, first, groups, in_order, merged
from countersign.domain.needed import needed
from countersign.domain.policy import Part, PlanFacts, Policy, Rule
from countersign.domain.policy_check import CODEOWNERS
from countersign.domain.several import more, several

_ByName = Mapping[str, Sequence[Group]]
_ByRule = Mapping[int, Sequence[Group]]

POLICY_FOLDER = ".countersign/"
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that applies: the first path that made it apply, how many did, and the effect that it names, if any."""

    number: int
    rule: Rule
    path: str
    paths: int
    what: str | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """Everything that a change touches. Environments and services have the first path that touches them."""

    paths: Sequence[str]
    """Every path of the change, in order."""
    ordinary: bool
    """Nothing is wrong with any of them whatever the policy says."""
    hits: tuple[Hit, ...]
    unnamed: str | None
    """The first path that no rule names, if there is one."""
    environments: Mapping[str, str]
    services: Mapping[str, str]
    actions: Mapping[str, tuple[FileChange, ...]]
    left_over: str | None
    """The first path that lies in an environment and that no action takes, if there is one."""
    policy_paths: tuple[str, ...]
    """Paths that decide or say who decides: the policy's folder, and the file that it takes owners from."""
    owned: Mapping[str, tuple[str, ...]]
    """The paths of each service whose owners that file names."""
    alone: Mapping[str, str]
    """The one environment, service and action that have every path of the change, by those words; no other is touched."""
    whole: frozenset[int]
    """The rules whose paths and kinds cover every path of the change."""
    missing: tuple[Unclear, ...]
    """Facts that a rule asks for and nobody has."""


def touched(policy: Policy, facts: Facts) -> Touched:
    """Match every part of the policy against every path."""
    files, paths = in_order(facts.files)
    parts, ordinary = policy.known.look(paths)
    found = groups(files, parts)
    by_part: dict[Part, list[Group]] = {}
    for group in found:
        for number in group.parts:
            by_part.setdefault(policy.parts[number], []).append(group)
    environments, services, actions = (_named(by_part, kind) for kind in ("environment", "service", "action"))
    by_rule = dict(_by_rule(policy, by_part, found))
    return Touched(
        paths=paths,
        ordinary=ordinary,
        hits=tuple(hit for number, meant in by_rule.items() for hit in _hits(policy, number, meant, facts)),
        unnamed=first(group for group in found if not _settled(policy, group)),
        environments=_first_paths(environments),
        services=_first_paths(services),
        actions={name: merged(meant) for name, meant in actions.items()},
        left_over=_left_over(environments, actions),
        policy_paths=_policy_paths(paths, policy.document.codeowners),
        owned={name: _paths(meant) for name, meant in services.items() if policy.document.services[name].owner == CODEOWNERS},
        alone=dict(_alone({"environment": environments, "service": services, "action": actions}, len(paths))),
        whole=frozenset(number for number, meant in by_rule.items() if count(meant) == len(paths)),
        missing=tuple(sorted(set(_missing(policy, by_rule, facts)))),
    )


def _named(by_part: Mapping[Part, Sequence[Group]], kind: str) -> _ByName:
    return {str(part.key): found for part, found in by_part.items() if part.kind == kind}


def _by_rule(policy: Policy, by_part: Mapping[Part, Sequence[Group]], found: Sequence[Group]) -> Iterator[tuple[int, list[Group]]]:
    """Give the groups of each rule that has any here, in the order of the file."""
    there = {int(part.key): meant for part, meant in by_part.items() if part.kind == "rule"}
    for number in sorted((*there, *policy.everywhere)):
        rule = policy.document.rules[number]
        meant = [group for group in there.get(number, found) if _kind_matches(rule, group.kinds)]
        if meant:
            yield number, meant


def _first_paths(named: _ByName) -> dict[str, str]:
    return {name: min(group.first for group in found) for name, found in named.items()}


def _alone(named: Mapping[str, _ByName], paths: int) -> Iterator[tuple[str, str]]:
    for word, parts in named.items():
        if len(parts) == 1:
            ((name, found),) = parts.items()
            if count(found) == paths:
                yield word, name


def _left_over(environments: _ByName, actions: _ByName) -> str | None:
    taken = {id(group) for found in actions.values() for group in found}
    return first(group for found in environments.values() for group in found if id(group) not in taken)


def _paths(found: Sequence[Group]) -> tuple[str, ...]:
    return tuple(file.path for file in merged(found))


def _policy_paths(paths: Sequence[str], owners: str | None) -> tuple[str, ...]:
    below = takewhile(lambda path: path.startswith(POLICY_FOLDER), islice(paths, bisect_left(paths, POLICY_FOLDER), None))
    own = () if owners is None else takewhile(lambda path: path == owners, islice(paths, bisect_left(paths, owners), None))
    return tuple(sorted((*below, *own)))


def _missing(policy: Policy, by_rule: _ByRule, facts: Facts) -> Iterator[Unclear]:
    """Give what the rules that have paths here would have to know."""
    for number, found in by_rule.items():
        rule = policy.document.rules[number]
        if rule.plan is not None or rule.removes:
            yield from needed(rule, (file.path for group in found for file in group.files), facts)


def _settled(policy: Policy, group: Group) -> bool:
    """Say whether a rule settles the paths by naming them."""
    for number in group.parts:
        kinds = policy.settling.get(number)
        if kinds is not None and (not kinds or not kinds.isdisjoint(group.kinds)):
            return True
    return False


def _kind_matches(rule: Rule, kinds: frozenset[Kind]) -> bool:
    return not rule.kinds or not kinds.isdisjoint(rule.kinds)


def _hits(policy: Policy, number: int, found: Sequence[Group], facts: Facts) -> Iterator[Hit]:
    """A rule that asks for effects or removed lines applies once for each that it names, in its paths.

    The policy's own folder is not searched for removed lines: a rule that quotes a line could never be changed again.
    """
    rule = policy.document.rules[number]
    if rule.plan is None and not rule.removes:
        yield Hit(number, rule, min(group.first for group in found), count(found))
    elif facts.effects or facts.removed:
        meant = frozenset(file.path for group in found for file in group.files)
        told, left = several(_found(rule, meant, facts))
        for place, what in told:
            yield Hit(number, rule, place, 1, what + more(left) if (place, what) == told[-1] else what)


def _found(rule: Rule, meant: frozenset[str], facts: Facts) -> Iterator[tuple[str, str]]:
    """Give each effect and line that the rule names: the path that it belongs to, and what it is."""
    if rule.plan is not None:
        within, named = cache(partial(_within, meant=meant)), cache(partial(_names, rule.plan))
        for effect in facts.effects:
            place = within(effect.path)
            if place is not None and named(effect.act, effect.kind):
                yield place, str(effect)
    texts = [tight(text) for text in rule.removes]
    for removed in facts.removed if texts else ():
        ours = removed.path in meant and not removed.path.startswith(POLICY_FOLDER)
        if ours and any(text in tight(removed.text) for text in texts):
            yield removed.path, f"removes {removed.text[:_SHOWN]!r}, {removed.path}:{removed.line}"


def _within(path: str, meant: Collection[str]) -> str | None:
    """Give the path of the rule that an effect belongs to: its own file, or the first below the directory of a plan."""
    if path in meant:
        return path
    return min((one for one in meant if path == "" or one.startswith(f"{path}/")), default=None)


def _names(asked: PlanFacts, act: Act, kind: str) -> bool:
    """Say whether a rule names the effect. What is replaced is deleted first, so `deletes` means both (incident 2)."""
    patterns = {
        Act.DELETES: asked.deletes,
        Act.REPLACES: (*asked.deletes, *asked.replaces),
        Act.TURNS_OFF: asked.turns_off,
    }[act]
    return any(fnmatchcase(kind, pattern) for pattern in patterns)
