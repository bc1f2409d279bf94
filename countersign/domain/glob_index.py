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
    asked: "_Asked | None" = None

    @property
    def goes_on(self) -> bool:
        """Say whether any pattern continues below."""
        return self.loops or self.deep is not None or bool(self.literal or self.wild)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A node as questions, cheapest first: about the last name of a path, and about a folder on the way."""

    always: int
    names: dict[str, int]
    extensions: dict[str, int]
    others: tuple[tuple[Callable[[str], bool], int], ...]
    folders: tuple[tuple[Callable[[str], bool], _Node], ...]


@dataclass(frozen=True, slots=True)
class _Folder:
    """What is known of every file in a folder before its name is looked at."""

    nodes: tuple[_Node, ...]
    always: int
    names: tuple[dict[str, int], ...]
    extensions: tuple[dict[str, int], ...]
    others: tuple[tuple[Callable[[str], bool], int], ...]


class GlobIndex:
    """Lists of patterns, each known by its number. A list means a path when a pattern does and no `!` pattern does."""

    __slots__ = ("_folders", "_lists", "_masks", "_root")

    def __init__(self, lists: Sequence[Sequence[str]]) -> None:
        """Compile the lists.

        Raises:
            MalformedError: a pattern is not of its form, or a list has none without `!`.
        """
        self._root = _Node()
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
        mask = folder.always
        for names in folder.names:
            mask |= names.get(name, 0)
        if folder.extensions:
            extension = name.rpartition(".")[2]
            for extensions in folder.extensions:
                mask |= extensions.get(extension, 0)
        for means, bits in folder.others:
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
                node = node.wild.setdefault(part, _Node())
        node.ends |= bit

    def _folder(self, parent: str) -> _Folder:
        """Walk to a folder from the nearest one above it that is known."""
        nodes, done = _closed([self._root]), ""
        for name in parent.split("/") if parent else ():
            done = f"{done}/{name}" if done else name
            known = self._folders.get(done)
            nodes = known.nodes if known is not None else _closed(_step(nodes, name))
        if len(self._folders) >= _MOST_KEPT:
            self._folders.clear()
        folder = self._folders[parent] = _described(nodes)
        return folder


def _asked(node: _Node) -> _Asked:
    """Put a node's questions in order, once. `*.sh` is asked by the extension alone."""
    if node.asked is None:
        ends = {part: child.ends for part, child in node.wild.items() if child.ends}
        endings = {
            part: bits for part, bits in ends.items() if part.startswith("*.") and is_literal(part[1:]) and part.count(".") == 1
        }
        node.asked = _Asked(
            always=ends.get("*", 0) | (node.ends if node.loops else 0),
            names={name: child.ends for name, child in node.literal.items() if child.ends},
            extensions={part[2:]: bits for part, bits in endings.items()},
            others=tuple((segment_matcher(part), bits) for part, bits in ends.items() if part != "*" and part not in endings),
            folders=tuple((segment_matcher(part), child) for part, child in node.wild.items() if child.goes_on),
        )
    return node.asked


def _step(nodes: Sequence[_Node], name: str) -> list[_Node]:
    """Take one segment of a path from each node."""
    following: list[_Node] = []
    for node in nodes:
        child = node.literal.get(name)
        if child is not None and child.goes_on:
            following.append(child)
        following.extend(child for means, child in _asked(node).folders if means(name))
        if node.loops:
            following.append(node)
    return following


def _described(nodes: tuple[_Node, ...]) -> _Folder:
    asked = [_asked(node) for node in nodes]
    always = 0
    for one in asked:
        always |= one.always
    return _Folder(
        nodes,
        always,
        names=tuple(one.names for one in asked if one.names),
        extensions=tuple(one.extensions for one in asked if one.extensions),
        others=tuple(question for one in asked for question in one.others),
    )


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
