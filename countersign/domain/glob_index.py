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

    Files ask `always`, `names`, `extensions` and `others`; folders below ask `literal` and `folders`. `answers` by extension and
    `moves` keep what does not hang on names nobody wrote down.
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
    answers: dict[str | None, tuple[int, ...]] = field(default_factory=dict)


class GlobIndex:
    """Lists of patterns, each known by its number. A list means a path when a pattern does and no `!` pattern does."""

    __slots__ = ("_folders", "_lists", "_numbers", "_root", "_states")

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
        self._numbers: dict[int, tuple[int, ...]] = {}

    def match(self, path: str) -> tuple[int, ...]:
        """Give the numbers of the lists that mean the path, in order."""
        return self.matches((path,))[0]

    def matches(self, paths: Sequence[str]) -> list[tuple[int, ...]]:
        """Give for each path the numbers of the lists that mean it, in order. Paths of one folder come cheapest side by side."""
        found: list[tuple[int, ...]] = []
        folder, state = "", self._folder("")
        for path in paths:
            parent, _, name = path.rpartition("/")
            if parent != folder:
                folder, state = parent, self._folder(parent)
            _, dot, last = name.rpartition(".")
            extension = last if dot and last in state.extensions else None
            alone = state.others or name in state.names
            numbers = None if alone else state.answers.get(extension)
            if numbers is None:
                numbers = self._of(_mask(state, name, extension))
                if not alone:
                    state.answers[extension] = numbers
            found.append(numbers)
        return found

    def _of(self, mask: int) -> tuple[int, ...]:
        """Give the lists that patterns, as bits, belong to."""
        found = self._numbers.get(mask)
        if found is None:
            if len(self._numbers) >= _MOST_KEPT:
                self._numbers.clear()
            found = tuple(number for number, (wanted, unwanted) in enumerate(self._lists) if mask & wanted and not mask & unwanted)
            self._numbers[mask] = found
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

    def _folder(self, path: str) -> _State:
        """Walk to a folder from the one above it, where that is known."""
        state = self._folders.get(path)
        if state is None:
            if len(self._folders) >= _MOST_KEPT or len(self._states) >= _MOST_KEPT:
                self._folders.clear()
                self._states.clear()
            above, _, name = path.rpartition("/")
            state = self._folders.get(above) or self._walked(above)
            if path:
                state = self._folders[path] = self._step(state, name)
        return state

    def _walked(self, path: str) -> _State:
        """Walk from the top, one segment after the other; a path can have any number of them."""
        done, state = "", self._folders.get("") or self._state([self._root])
        self._folders[""] = state
        for number, name in enumerate(path.split("/") if path else ()):
            done = f"{done}/{name}" if number else name
            state = self._folders[done] = self._folders.get(done) or self._step(state, name)
        return state

    def _step(self, state: _State, name: str) -> _State:
        """Take one segment of a path. Where the same children are met, the same state follows."""
        children = state.literal.get(name)
        if children is None and not state.folders:
            met = []
        else:
            met = [*(children or ()), *(child for means, child in state.folders if means(name))]
        key = tuple(map(id, met))
        following = state.moves.get(key)
        if following is None:
            following = state.moves[key] = self._state([*met, *state.stay])
        return following

    def _state(self, nodes: Sequence[_Node]) -> _State:
        closed = _closed(nodes)
        key = tuple(sorted(id(node) for node in closed))
        known = self._states.get(key)
        if known is None:
            known = self._states[key] = _described(closed)
        return known


def _mask(state: _State, name: str, extension: str | None) -> int:
    """Give the patterns that mean a file of a folder, as bits. `extension` is what follows its last dot where one asks for it."""
    mask = state.always | state.names.get(name, 0)
    if extension is not None:
        mask |= state.extensions[extension]
    for means, bits in state.others:
        if means(name):
            mask |= bits
    return mask


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
