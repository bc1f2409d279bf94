"""Many lists of patterns as one question: which of them mean this path?

All patterns stand in one tree of segments, so that a path is walked once whatever the number of rules; what holds for a folder
is kept for its next file. The answer for a path never depends on what was asked before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from countersign.domain.globs import DEEP, check_glob, is_literal, segment_matcher, segments
from countersign.domain.ids import MalformedError

_MOST_KEPT = 8192
"""Folders and states remembered; then all are forgotten, so that a long life or a hostile change cannot fill the memory."""

_MOST_PATHS = 32768


@dataclass(slots=True)
class _Node:
    """Where patterns go on. `ends` has a bit for each pattern that ends here; one that `loops` stands for `**`."""

    loops: bool = False
    ends: int = 0
    literal: dict[str, "_Node"] = field(default_factory=dict)
    wild: dict[str, "_Node"] = field(default_factory=dict)
    deep: "_Node | None" = None

    @property
    def goes_on(self) -> bool:
        """Say whether any pattern continues below."""
        return self.loops or self.deep is not None or bool(self.literal or self.wild)


@dataclass(slots=True)
class _State:
    """Where a walk stands after some folders: all nodes at once, as questions about what comes next, cheapest first.

    Files ask `always`, `names`, `extensions` and `others`; folders below ask `literal` and `folders`. `moves` keeps the answers
    that do not hang on names nobody wrote down.
    """

    nodes: tuple[_Node, ...]
    always: int = 0
    names: dict[str, int] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    others: list[tuple[Callable[[str], bool], int]] = field(default_factory=list)
    literal: dict[str, list[_Node]] = field(default_factory=dict)
    folders: list[tuple[Callable[[str], bool], _Node]] = field(default_factory=list)
    stay: list[_Node] = field(default_factory=list)
    moves: dict[tuple[int, ...], "_State"] = field(default_factory=dict)


class GlobIndex:
    """Lists of patterns, each known by its number. A list means a path when a pattern does and no `!` pattern does."""

    __slots__ = ("_folders", "_lists", "_masks", "_paths", "_root", "_states")

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
        self._states: dict[tuple[int, ...], _State] = {}
        self._folders: dict[str, _State] = {}
        self._masks: dict[int, tuple[int, ...]] = {}
        self._paths: dict[str, int] = {}

    def match(self, path: str) -> tuple[int, ...]:
        """Give the numbers of the lists that mean the path, in order."""
        return self.numbers(self.masks((path,))[0])

    def masks(self, paths: Sequence[str]) -> list[int]:
        """Give for each path which patterns mean it, as bits: paths with equal bits belong to the same lists.

        A change is decided several times on its way, so what was found for a path is kept as well.
        """
        if len(self._paths) >= _MOST_PATHS:
            self._paths.clear()
        return [self._mask(path) if mask is None else mask for path, mask in zip(paths, map(self._paths.get, paths), strict=True)]

    def _mask(self, path: str) -> int:
        parent, _, name = path.rpartition("/")
        state = self._folders.get(parent) or self._folder(parent)
        mask = state.always
        if state.names:
            mask |= state.names.get(name, 0)
        if state.extensions:
            _, dot, extension = name.rpartition(".")
            mask |= state.extensions.get(extension, 0) if dot else 0
        for means, bits in state.others:
            if means(name):
                mask |= bits
        self._paths[path] = mask
        return mask

    def numbers(self, mask: int) -> tuple[int, ...]:
        """Give the numbers of the lists that these bits belong to, in order."""
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

    def _folder(self, parent: str) -> _State:
        """Walk to a folder from the nearest one above it that is known."""
        if len(self._folders) >= _MOST_KEPT or len(self._states) >= _MOST_KEPT:
            self._folders.clear()
            self._states.clear()
        if not parent:
            state = self._state([self._root])
        else:
            above, _, name = parent.rpartition("/")
            known = self._folders.get(above)
            state = self._step(known if known is not None else self._walked(above), name)
        self._folders[parent] = state
        return state

    def _walked(self, parent: str) -> _State:
        """Walk from the top, one segment after the other; a path can have any number of them."""
        state, done = self._folders.get("") or self._state([self._root]), ""
        for name in parent.split("/") if parent else ():
            done = f"{done}/{name}" if done else name
            known = self._folders.get(done)
            state = self._folders[done] = known if known is not None else self._step(state, name)
        return state

    def _step(self, state: _State, name: str) -> _State:
        """Take one segment of a path. Where the same children are met, the same state follows."""
        children = state.literal.get(name, ())
        wild = [child for means, child in state.folders if means(name)] if state.folders else ()
        key = tuple(id(child) for child in (*children, *wild))
        following = state.moves.get(key)
        if following is None:
            following = state.moves[key] = self._state([*children, *wild, *state.stay])
        return following

    def _state(self, nodes: Sequence[_Node]) -> _State:
        closed = _closed(nodes)
        key = tuple(sorted(id(node) for node in closed))
        known = self._states.get(key)
        if known is None:
            known = self._states[key] = _described(closed)
        return known


def _described(nodes: tuple[_Node, ...]) -> _State:
    """Put the questions of all nodes together. `*.sh` is asked by the extension alone."""
    state = _State(nodes)
    for node in nodes:
        if node.loops:
            state.always |= node.ends
            state.stay.append(node)
        for name, child in node.literal.items():
            if child.ends:
                state.names[name] = state.names.get(name, 0) | child.ends
            if child.goes_on:
                state.literal.setdefault(name, []).append(child)
        for part, child in node.wild.items():
            _ask(state, part, child.ends)
            if child.goes_on:
                state.folders.append((segment_matcher(part), child))
    return state


def _ask(state: _State, part: str, ends: int) -> None:
    """Add the question that a last segment with wildcards is."""
    if part == "*":
        state.always |= ends
    elif part.startswith("*.") and is_literal(part[1:]) and part.count(".") == 1:
        state.extensions[part[2:]] = state.extensions.get(part[2:], 0) | ends
    elif ends:
        state.others.append((segment_matcher(part), ends))


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
