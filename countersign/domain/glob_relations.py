"""How patterns of paths relate without any path at hand: is everything that one means also meant by the other? Do they meet?

`includes` answers yes only where it is certain: patterns that hold only together may be missed. `meets` is exact for one pattern
against one, without the `!` of lists. Does not match paths; `glob_index` does.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from countersign.domain.globs import DEEP, is_literal, segments

_ANY, _LOOP = "?", "*"
_MOST_STATES = 4096
"""Then it is not certain, which is an answer too."""

_MOST_KEPT = 65536
"""Answers remembered: the same patterns are asked about again and again."""

Parts = Sequence[str]


def includes(outer: Sequence[str], inner: Sequence[str]) -> bool:
    """Say whether each path that the inner list means is certainly meant by the outer list."""
    wanted = [pattern for pattern in inner if not pattern.startswith("!")]
    return bool(wanted) and all(_included(outer, inner, pattern) for pattern in wanted)


def nothing(patterns: Sequence[str]) -> bool:
    """Say whether a list certainly means no path at all: its own `!` patterns take out everything."""
    out = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    return all(any(pattern_includes(taken, pattern) for taken in out) for pattern in wanted)


def _included(outer: Sequence[str], inner: Sequence[str], pattern: str) -> bool:
    """Say so of one pattern of the inner list; what the outer list takes out must be out, or never have been in."""
    gone = [other[1:] for other in inner if other.startswith("!")]
    if any(pattern_includes(other, pattern) for other in gone):
        return True
    if not any(pattern_includes(other, pattern) for other in outer if not other.startswith("!")):
        return False
    return all(
        not meets(other[1:], pattern) or any(pattern_includes(taken, other[1:]) for taken in gone)
        for other in outer
        if other.startswith("!")
    )


@lru_cache(maxsize=_MOST_KEPT)
def pattern_includes(outer: str, inner: str) -> bool:
    """Say whether each path of one pattern is certainly one of another's."""
    return _covered(_segments(outer), _segments(inner), DEEP, _segment_covers)


def meets(left: str, right: str) -> bool:
    """Say whether some path is meant by both patterns."""
    return _meet(_segments(left), _segments(right), DEEP, _segments_meet)


def _segments(pattern: str) -> Parts:
    """Split; a `**` at the end is one segment at least, elsewhere it may be none."""
    parts = segments(pattern)
    return (*parts[:-1], _LOOP, DEEP) if parts[-1] == DEEP else parts


def _characters(segment: str) -> Parts:
    """Split; a lone star is one character at least, since no segment is empty."""
    return (_ANY, _LOOP) if segment == _LOOP else tuple(segment)


@lru_cache(maxsize=_MOST_KEPT)
def _segment_covers(outer: str, inner: str) -> bool:
    if outer == inner or is_literal(outer):
        return outer == inner
    return _covered(_characters(outer), _characters(inner), _LOOP, lambda one, other: one in {_ANY, other})


def _segments_meet(left: str, right: str) -> bool:
    return _meet(_characters(left), _characters(right), _LOOP, lambda one, other: _ANY in {one, other} or one == other)


def _covered(outer: Parts, inner: Parts, loop: str, covers: Callable[[str, str], bool]) -> bool:
    """Read the inner pattern with the outer one; keep the places of the outer that are reached for certain.

    Where the inner one loops, its reader may leave after any number of rounds: every way must end at the end of the outer. There
    are only so many sets of places, so the rounds repeat.
    """
    anything = _LOOP if loop == DEEP else _ANY

    def closed(places: frozenset[int]) -> frozenset[int]:
        found = set(places)
        for place in places:
            while place < len(outer) and outer[place] == loop:
                place += 1  # noqa: PLW2901 - a loop may take nothing: the place after it is reached as well
                found.add(place)
        return frozenset(found)

    def step(places: frozenset[int], part: str) -> frozenset[int]:
        stay = {place for place in places if place < len(outer) and outer[place] == loop}
        go = {place + 1 for place in places - stay if place < len(outer) and covers(outer[place], part)}
        return closed(frozenset(stay | go))

    waiting, seen = [(0, closed(frozenset({0})))], set[tuple[int, frozenset[int]]]()
    while waiting:
        rest, places = state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        if not places or len(seen) > _MOST_STATES or (rest == len(inner) and len(outer) not in places):
            return False
        if rest < len(inner):
            looping = inner[rest] == loop
            waiting.append((rest + 1, places if looping else step(places, inner[rest])))
            waiting.extend([(rest, step(places, anything))] if looping else [])
    return True


def _meet(left: Parts, right: Parts, loop: str, meet: Callable[[str, str], bool]) -> bool:
    """Walk both at once; every pair of places is tried once."""
    waiting, seen = [(0, 0)], set[tuple[int, int]]()
    while waiting:
        one, other = pair = waiting.pop()
        if pair in seen:
            continue
        seen.add(pair)
        if one == len(left) and other == len(right):
            return True
        left_loops, right_loops = one < len(left) and left[one] == loop, other < len(right) and right[other] == loop
        if left_loops:
            waiting.append((one + 1, other))
            waiting.extend([(one, other + 1)] if other < len(right) else [])
        if right_loops:
            waiting.append((one, other + 1))
            waiting.extend([(one + 1, other)] if one < len(left) else [])
        if one < len(left) and other < len(right) and not left_loops and not right_loops and meet(left[one], right[other]):
            waiting.append((one + 1, other + 1))
    return False
