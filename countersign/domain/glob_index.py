"""Many lists of patterns as one question: which of them mean this path?

All patterns stand in one tree of segments, so that a path is walked once whatever the number of rules; what holds for a folder
is kept for its next file. The answer for a path never depends on what was asked before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from countersign.domain.globs import DEEP, check_glob, is_literal, segment_matcher, segments
from countersign.domain.ids import MalformedError

_MOST_KEPT = 8192
"""Folders remembered; then all are forgotten, so that a long life or a hostile change cannot fill the memory."""


@dataclass(slots=True)
class _Node:
    """Where patterns go on. `ends` has a bit for each pattern that ends here; one that `loops` stands for `**`."""

    loops: bool = False
    ends: int = 0
    literal: dict[str, "_Node"] = field(default_factory=dict)
    wild: dict[str, "_Node"] = field(default_factory=dict)
    deep: "_Node | None" = None


@dataclass(frozen=True, slots=True)
class _Folder:
    """What is known of every file in a folder before its name is looked at."""

    nodes: tuple[_Node, ...]
    always: int
    literal: dict[str, int]
    wild: tuple[tuple[Callable[[str], bool], int], ...]


class GlobIndex:
    """Lists of patterns, each known by its number. A list means a path when a pattern does and no `!` pattern does."""

    __slots__ = ("_folders", "_lists", "_masks", "_matchers", "_root")

    def __init__(self, lists: Sequence[Sequence[str]]) -> None:
        """Compile the lists.

        Raises:
            MalformedError: a pattern is not of its form, or a list has none without `!`.
        """
        self._root = _Node()
        self._matchers: dict[str, Callable[[str], bool]] = {}
        self._lists: list[tuple[int, int]] = []
        bit = 1
        for patterns in lists:
            wanted = unwanted = 0
            for pattern in patterns:
                check_glob(pattern)
                if pattern.startswith("!"):
                    unwanted |= bit
                else:
                    wanted |= bit
                self._add(segments(pattern.removeprefix("!")), bit)
                bit <<= 1
            if not wanted:
                raise MalformedError("a list of paths needs one that does not begin with '!'")
            self._lists.append((wanted, unwanted))
        self._folders: dict[str, _Folder] = {}
        self._masks: dict[int, tuple[int, ...]] = {}

    def match(self, path: str) -> tuple[int, ...]:
        """Give the numbers of the lists that mean the path, in order."""
        parent, _, name = path.rpartition("/")
        folder = self._folders.get(parent) or self._folder(parent)
        mask = folder.always | folder.literal.get(name, 0)
        for means, bits in folder.wild:
            if means(name):
                mask |= bits
        found = self._masks.get(mask)
        if found is None:
            if len(self._masks) >= _MOST_KEPT:
                self._masks.clear()
            found = tuple(number for number, (wanted, unwanted) in enumerate(self._lists) if mask & wanted and not mask & unwanted)
            self._masks[mask] = found
        return found

    def _add(self, parts: tuple[str, ...], bit: int) -> None:
        node = self._root
        for part in parts:
            if part == DEEP:
                node.deep = node.deep or _Node(loops=True)
                node = node.deep
            elif is_literal(part):
                node = node.literal.setdefault(part, _Node())
            else:
                self._matchers.setdefault(part, segment_matcher(part))
                node = node.wild.setdefault(part, _Node())
        node.ends |= bit

    def _folder(self, parent: str) -> _Folder:
        """Walk to a folder from the nearest one above it that is known."""
        nodes, done = _closed([self._root]), ""
        for name in parent.split("/") if parent else ():
            done = f"{done}/{name}" if done else name
            known = self._folders.get(done)
            nodes = known.nodes if known is not None else _closed(self._step(nodes, name))
        if len(self._folders) >= _MOST_KEPT:
            self._folders.clear()
        folder = self._folders[parent] = self._described(nodes)
        return folder

    def _step(self, nodes: Sequence[_Node], name: str) -> list[_Node]:
        following: list[_Node] = []
        for node in nodes:
            if name in node.literal:
                following.append(node.literal[name])
            following.extend(child for part, child in node.wild.items() if self._matchers[part](name))
            if node.loops:
                following.append(node)
        return following

    def _described(self, nodes: tuple[_Node, ...]) -> _Folder:
        always = 0
        literal: dict[str, int] = {}
        wild: dict[str, int] = {}
        for node in nodes:
            if node.loops:
                always |= node.ends
            for name, child in node.literal.items():
                if child.ends:
                    literal[name] = literal.get(name, 0) | child.ends
            for part, child in node.wild.items():
                if part == "*":
                    always |= child.ends
                elif child.ends:
                    wild[part] = wild.get(part, 0) | child.ends
        return _Folder(nodes, always, literal, tuple((self._matchers[part], bits) for part, bits in wild.items()))


class Globs:
    """One list of patterns as one question."""

    __slots__ = ("_index",)

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile the list; raises MalformedError as `GlobIndex` does."""
        self._index = GlobIndex([patterns])

    @classmethod
    def of(cls, patterns: Sequence[str]) -> "Globs":
        """Compile the list."""
        return cls(patterns)

    def match(self, path: str) -> bool:
        """Say whether the path is meant."""
        return bool(self._index.match(path))


def _closed(nodes: Sequence[_Node]) -> tuple[_Node, ...]:
    """Add what `**` reaches without taking a segment; once each."""
    found: dict[int, _Node] = {}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            if node.deep is not None:
                waiting.append(node.deep)
    return tuple(found.values())
