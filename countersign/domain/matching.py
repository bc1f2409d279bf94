"""Which parts of the policy a change touches: rules, environments, services, actions. Matches; does not judge.

Each path is asked once of the policy's index; paths that belong to the same parts are handled together from there on. So the
cost grows with the files of the change and hardly with the rules of the policy.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, partial

from countersign.domain.analysers.lines import tight
from countersign.domain.facts import Act, Facts, FileChange, Kind, Unclear
from countersign.domain.needed import needed
from countersign.domain.policy import Part, PlanFacts, Policy, Rule
from countersign.domain.policy_check import CODEOWNERS
from countersign.domain.several import more, several

Groups = dict[tuple[int, frozenset[Kind]], list[FileChange]]

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

    hits: tuple[Hit, ...]
    unnamed: tuple[str, ...]
    environments: Mapping[str, str]
    services: Mapping[str, str]
    actions: Mapping[str, tuple[FileChange, ...]]
    placed: frozenset[str]
    """Paths that lie in an environment."""
    policy_paths: tuple[str, ...]
    """Paths that decide or say who decides: the policy's folder, and the file that it takes owners from."""
    owned: Mapping[str, tuple[str, ...]]
    """The paths of each service whose owners that file names."""
    whole: frozenset[int]
    """The rules whose paths and kinds cover every path of the change."""
    missing: tuple[Unclear, ...]
    """Facts that a rule asks for and nobody has."""


def touched(policy: Policy, facts: Facts) -> Touched:
    """Match every part of the policy against every path."""
    groups = _groups(policy, facts.files)
    found: dict[int, list[FileChange]] = {}
    unnamed: list[str] = []
    placed: list[str] = []
    for (mask, kinds), files in groups.items():
        numbers = policy.index.numbers(mask)
        for number in numbers:
            found.setdefault(number, []).extend(files)
        parts = [policy.parts[number] for number in numbers]
        if not any(part.kind == "rule" and _speaks(policy.document.rules[int(part.key)], kinds) for part in parts):
            unnamed.extend(file.path for file in files)
        if any(part.kind == "environment" for part in parts):
            placed.extend(file.path for file in files)
    by_part = {policy.parts[number]: files for number, files in found.items()}
    by_rule = dict(_by_rule(policy, by_part, groups))
    return Touched(
        hits=tuple(hit for number, paths in by_rule.items() for hit in _hits(policy, number, paths, facts)),
        unnamed=tuple(sorted(unnamed)),
        environments=_first(by_part, "environment"),
        services=_first(by_part, "service"),
        actions={str(part.key): _by_path(files) for part, files in by_part.items() if part.kind == "action"},
        placed=frozenset(placed),
        policy_paths=_policy_paths(policy, facts),
        owned=_owned(policy, by_part),
        whole=frozenset(number for number, paths in by_rule.items() if len(paths) == len(facts.files)),
        missing=tuple(
            sorted({item for number, rule in _watching(policy, by_rule) for item in needed(rule, by_rule[number], facts)})
        ),
    )


def _owned(policy: Policy, by_part: Mapping[Part, Sequence[FileChange]]) -> dict[str, tuple[str, ...]]:
    return {
        str(part.key): tuple(sorted(file.path for file in files))
        for part, files in by_part.items()
        if part.kind == "service" and policy.document.services[str(part.key)].owner == CODEOWNERS
    }


def _first(found: Mapping[Part, Sequence[FileChange]], kind: str) -> dict[str, str]:
    return {str(part.key): min(file.path for file in files) for part, files in found.items() if part.kind == kind}


def _policy_paths(policy: Policy, facts: Facts) -> tuple[str, ...]:
    paths, owners = [file.path for file in facts.files], policy.document.codeowners
    if owners not in paths and POLICY_FOLDER not in "/".join(paths):
        return ()
    return tuple(path for path in paths if path.startswith(POLICY_FOLDER) or path == owners)


def _by_path(files: Sequence[FileChange]) -> tuple[FileChange, ...]:
    return tuple(sorted(files, key=lambda file: file.path))


def _groups(policy: Policy, files: Sequence[FileChange]) -> Groups:
    """Put files together that the same patterns mean and that are of the same kinds."""
    plain: dict[int, list[FileChange]] = {}
    groups: Groups = {}
    for file, mask in zip(files, policy.index.masks([file.path for file in files]), strict=True):
        if file.kinds:
            groups.setdefault((mask, file.kinds), []).append(file)
        elif mask in plain:
            plain[mask].append(file)
        else:
            plain[mask] = [file]
    groups |= {(mask, frozenset()): found for mask, found in plain.items()}
    return groups


def _by_rule(policy: Policy, by_part: Mapping[Part, Sequence[FileChange]], groups: Groups) -> Iterator[tuple[int, list[str]]]:
    """Give the paths of each rule that has any here, in the order of the file."""
    rules = policy.document.rules
    there = {int(part.key): files for part, files in by_part.items() if part.kind == "rule"}
    for number in sorted((*there, *policy.everywhere)):
        rule = rules[number]
        if rule.paths is None:
            paths = [file.path for (_, kinds), files in groups.items() if _kind_matches(rule, kinds) for file in files]
        else:
            paths = [file.path for file in there[number] if not rule.kinds or _kind_matches(rule, file.kinds)]
        if paths:
            yield number, paths


def _watching(policy: Policy, by_rule: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, Rule]]:
    """Give the rules that ask for facts, of those that have paths here."""
    for number in by_rule:
        rule = policy.document.rules[number]
        if rule.plan is not None or rule.removes:
            yield number, rule


def _speaks(rule: Rule, kinds: frozenset[Kind]) -> bool:
    """Say whether a rule settles a path by naming it. One that only watches for effects leaves it to the other rules."""
    return (
        rule.plan is None and not rule.removes and _kind_matches(rule, kinds) and (rule.tier is not None or rule.deny is not None)
    )


def _kind_matches(rule: Rule, kinds: frozenset[Kind]) -> bool:
    return not rule.kinds or not kinds.isdisjoint(rule.kinds)


def _hits(policy: Policy, number: int, paths: Sequence[str], facts: Facts) -> Iterator[Hit]:
    """A rule that asks for effects or removed lines applies once for each that it names, in its paths.

    The policy's own folder is not searched for removed lines: a rule that quotes a line could never be changed again.
    """
    rule = policy.document.rules[number]
    if rule.plan is None and not rule.removes:
        yield Hit(number, rule, min(paths), len(paths))
        return
    first, left = several(_found(rule, frozenset(paths), facts))
    for place, what in first:
        yield Hit(number, rule, place, 1, what + more(left) if (place, what) == first[-1] else what)


def _found(rule: Rule, meant: frozenset[str], facts: Facts) -> Iterator[tuple[str, str]]:
    """Give each effect and line that the rule names: the path that it belongs to, and what it is."""
    if rule.plan is not None:
        within, named = cache(partial(_within, meant=meant)), cache(partial(_named, rule.plan))
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


def _named(asked: PlanFacts, act: Act, kind: str) -> bool:
    """Say whether a rule names the effect. What is replaced is deleted first, so `deletes` means both (incident 2)."""
    patterns = {
        Act.DELETES: asked.deletes,
        Act.REPLACES: (*asked.deletes, *asked.replaces),
        Act.TURNS_OFF: asked.turns_off,
    }[act]
    return any(fnmatchcase(kind, pattern) for pattern in patterns)
