"""What a change of Kubernetes manifests would delete or turn off, object by object. Reads trees; does not know a cluster.

An object is found again by group, kind, namespace and name in the same folder, whatever file or place in a file it moves to.
What a deletion in git deletes in the cluster is for the tool that applies it; here it counts as if all of it did.

Kinds of TURNS_OFF: `replicas`, `resource_limits`, `probes`, `isolation`, `image_digest`, `reclaim_policy`, `keep_annotation`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from countersign.domain.analysers.pods import losses
from countersign.domain.analysers.tree import Listed, Tree, at, line_of, text_at
from countersign.domain.facts import Act, Measured

PROTECTIONS = frozenset({"replicas", "resource_limits", "probes", "isolation", "image_digest", "reclaim_policy", "keep_annotation"})
_TEMPLATE_KIND = re.compile(r"^kind:[ \t]*[\"']?([A-Z][A-Za-z0-9]{0,60})[\"']?[ \t\r]*(?:#.*)?$", re.MULTILINE)
_MOST_OBJECTS = 5000


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What tells an object from all others. The version of its group does not: v1beta1 and v1 are the same object."""

    kind: str
    namespace: str
    name: str
    group: str

    def __str__(self) -> str:
        """Write it as people do."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def short(self) -> str:
        """Give the name without the kind."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and where it stands."""

    who: Identity
    path: str
    body: Tree


def identity(document: Tree) -> Identity | None:
    """Say which object a document describes; None where it is no manifest."""
    kind, version = text_at(document, "kind"), text_at(document, "apiVersion")
    if not kind or not version:
        return None
    name = text_at(document, "metadata", "name") or text_at(document, "metadata", "generateName") or "?"
    group = version.rpartition("/")[0]
    return Identity(kind[:100], (text_at(document, "metadata", "namespace") or "")[:100], name[:200], group[:200])


def manifests(path: str, documents: Sequence[Tree]) -> Iterator[Manifest]:
    """Give the objects of a file, those in a List too."""
    for document in documents:
        who = identity(document)
        if who is None:
            continue
        items = at(document, "items")
        if who.kind.endswith("List") and isinstance(items, Listed):
            yield from manifests(path, items.items[:_MOST_OBJECTS])
        else:
            yield Manifest(who, path, document)


def effects(old: Sequence[Manifest], new: Sequence[Manifest]) -> Iterator[Measured]:
    """Compare the objects of all changed files before and after."""
    before, after = _by_place(old), _by_place(new)
    for place, manifest in before.items():
        if place not in after:
            yield Measured(Act.DELETES, manifest.who.kind, manifest.who.short, manifest.path, line_of(manifest.body))
    for place, manifest in after.items():
        was = before.get(place)
        for kind, what, line in losses(None if was is None else was.body, manifest.body):
            yield Measured(Act.TURNS_OFF, kind, f"{manifest.who}: {what}"[:300], manifest.path, line)


def may_mean_protection(pattern: str) -> bool:
    """Say whether a rule's pattern could name a protection that is seen in a manifest."""
    return any(fnmatchcase(name, pattern) for name in PROTECTIONS)


def gone_from_template(path: str, old: str | None, new: str | None) -> Iterator[Measured]:
    """Give the kinds of objects that a file which is no YAML has fewer of, such as a Helm template. Counts; more cannot be told."""
    before, after = (Counter(_TEMPLATE_KIND.findall(text or "")) for text in (old, new))
    for kind, count in sorted((before - after).items()):
        yield Measured(Act.DELETES, kind, f"{count} in a template", path)


def _by_place(found: Sequence[Manifest]) -> Mapping[tuple[str, Identity, int], Manifest]:
    """Put objects in their folders. Of several that go by the same name, each is one: `generateName` gives them all one."""
    placed: dict[tuple[str, Identity, int], Manifest] = {}
    seen: Counter[tuple[str, Identity]] = Counter()
    for manifest in found:
        key = (manifest.path.rpartition("/")[0], manifest.who)
        placed[*key, seen[key]] = manifest
        seen[key] += 1
    return placed
