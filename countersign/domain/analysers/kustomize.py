"""What a kustomization no longer applies: an entry that is gone from its lists takes objects along whose files stay.

What the entry stands for is in another file, or another repository, so this is a signal and no effect.
"""

from collections.abc import Iterator, Sequence

from countersign.domain.analysers.signals import UNAPPLIED
from countersign.domain.analysers.tree import Listed, Scalar, Tree, at, line_of
from countersign.domain.facts import Signal

_NAMES = frozenset({"kustomization.yaml", "kustomization.yml"})
_LISTS = ("resources", "bases", "components", "generators", "transformers", "helmCharts")


def unapplied(path: str, old: Sequence[Tree], new: Sequence[Tree]) -> Iterator[Signal]:
    """Give each entry that the kustomization had and has no more."""
    if path.rpartition("/")[2].lower() not in _NAMES:
        return
    before, after = (set(_entries(documents)) for documents in (old, new))
    line = line_of(new[0]) if new else 1
    yield from (Signal(UNAPPLIED, path, line, f"{entry[:200]!r} is gone from {name}") for name, entry in sorted(before - after))


def _entries(documents: Sequence[Tree]) -> Iterator[tuple[str, str]]:
    for document in documents:
        for name in _LISTS:
            listed = at(document, name)
            for item in listed.items if isinstance(listed, Listed) else ():
                chart = at(item, "name")
                said = item if isinstance(item, Scalar) else chart
                if isinstance(said, Scalar):
                    yield name, said.text.removeprefix("./").rstrip("/")
