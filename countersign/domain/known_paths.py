"""What a policy's patterns say of paths, kept for the next decision: a change is decided several times on its way.

Kept are only paths that nothing is wrong with whatever the policy says, so what is known needs no second look either. The answer
for a path never depends on what was asked before.
"""

from collections.abc import Sequence

from countersign.domain.analysers.terraform import may_be_state
from countersign.domain.glob_index import GlobIndex
from countersign.domain.paths import all_plain

_MOST_KEPT = 32768
"""Paths; then all are forgotten, so that a long life or a hostile change cannot fill the memory."""


class KnownPaths:
    """The paths of the changes of late, each with the lists of patterns that mean it."""

    __slots__ = ("_index", "_known")

    def __init__(self, index: GlobIndex) -> None:
        """Begin with none."""
        self._index = index
        self._known: dict[str, tuple[int, ...]] = {}

    def look(self, paths: Sequence[str]) -> tuple[list[tuple[int, ...]], bool]:
        """Give the lists that mean each path, and whether all are ordinary: not to be read in two ways, and no Terraform state."""
        try:
            return list(map(self._known.__getitem__, paths)), True
        except KeyError:
            found = self._index.matches(paths)
        ordinary = all_plain(paths) and not may_be_state(paths)
        if ordinary:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known.update(zip(paths, found, strict=True))
        return found, ordinary
