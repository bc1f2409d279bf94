"""Which parts of the policy a change touches: rules, environments, services, actions. Matches; does not judge."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from countersign.domain.facts import Deletion, FileChange
from countersign.domain.glob_index import Globs
from countersign.domain.policy import Document, Rule
from countersign.domain.proposal import Proposal

POLICY_FOLDER = ".countersign/"


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that applies, and the first path that made it apply."""

    number: int
    rule: Rule
    path: str | None
    deletion: Deletion | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """Everything that a change touches."""

    hits: tuple[Hit, ...]
    unnamed: tuple[str, ...]
    environments: Mapping[str, str]
    services: Mapping[str, str]
    actions: Mapping[str, tuple[FileChange, ...]]
    policy_paths: tuple[str, ...]
    whole: frozenset[int]
    """The rules whose paths and kinds cover every path of the change."""


def touched(document: Document, proposal: Proposal) -> Touched:
    """Match every part of the policy against every path."""
    files = proposal.facts.files
    compiled = {number: Globs.of(rule.paths) for number, rule in enumerate(document.rules) if rule.paths is not None}
    named = {file.path for file in files if any(globs.match(file.path) for globs in compiled.values())}
    return Touched(
        hits=tuple(
            hit for number, rule in enumerate(document.rules) for hit in _hits(number, rule, compiled.get(number), proposal)
        ),
        unnamed=tuple(file.path for file in files if file.path not in named),
        environments=_first({name: Globs.of(item.paths) for name, item in document.environments.items()}, files),
        services=_first({name: Globs.of(item.paths) for name, item in document.services.items()}, files),
        actions={
            name: taken
            for name, action in document.actions.items()
            if (taken := tuple(file for file in files if Globs.of(action.paths).match(file.path)))
        },
        policy_paths=tuple(file.path for file in files if file.path.startswith(POLICY_FOLDER)),
        whole=frozenset(
            number for number, rule in enumerate(document.rules) if len(_paths(rule, compiled.get(number), proposal)) == len(files)
        ),
    )


def _first(parts: Mapping[str, Globs], files: tuple[FileChange, ...]) -> dict[str, str]:
    """Give each part that any path touches, with the first such path."""
    found: dict[str, str] = {}
    for name, globs in sorted(parts.items()):
        path = next((file.path for file in files if globs.match(file.path)), None)
        if path is not None:
            found[name] = path
    return found


def _paths(rule: Rule, globs: Globs | None, proposal: Proposal) -> list[str]:
    """Give the paths for which the rule's `paths` and `kinds` both hold."""
    return [
        file.path
        for file in proposal.facts.files
        if (globs is None or globs.match(file.path)) and (not rule.kinds or file.kinds & set(rule.kinds))
    ]


def _hits(number: int, rule: Rule, globs: Globs | None, proposal: Proposal) -> Iterator[Hit]:
    """Every condition that the rule names must hold, for one path."""
    paths = _paths(rule, globs, proposal)
    if rule.plan is None:
        if paths:
            yield Hit(number, rule, paths[0])
        return
    for deletion in proposal.facts.deletions:
        if deletion.path in paths and any(fnmatchcase(deletion.kind, pattern) for pattern in rule.plan.deletes):
            yield Hit(number, rule, deletion.path, deletion)
            return
