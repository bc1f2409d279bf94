"""Reads YAML 1.2 without its traps: bytes in, plain values and the place of each part out, in one pass.

No anchors, aliases, tags, directives, merge keys or second documents, no key twice, bounded size, length and depth. What can be
counted is counted before the parser, which is slow, sees a byte of it; what cannot is refused where it is met.
"""

import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from countersign.domain.decision import Place
from countersign.domain.policy_sources import Where
from countersign.domain.problems import PolicyError, Problem
from countersign.domain.yaml_guard import MOST_PARTS, objections

_DEEPEST = 20
_MOST_KEYS = 64
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})

Places = dict[Where, Place]


class Reader:
    """Reads one file. `places` has where each part stands: a value by its key, an item by its number."""

    def __init__(self, file: str, what: str = "a policy") -> None:
        """Read a file of this name. `what` is what errors call it."""
        self.places: Places = {}
        self._file = file
        self._what = what
        self._events: Iterator[Event] = iter(())
        self._parts = 0

    def read(self, data: bytes) -> dict[str, object]:
        """Give the mapping that the file holds.

        Raises:
            PolicyError: it is not YAML as described above, or no mapping.
        """
        value = self._root(data, MappingStartEvent, "mapping")
        return value if isinstance(value, dict) else {}

    def read_list(self, data: bytes) -> list[object]:
        """Give the list that the file holds.

        Raises:
            PolicyError: it is not YAML as described above, or no list.
        """
        value = self._root(data, SequenceStartEvent, "list")
        return value if isinstance(value, list) else []

    def _root(self, data: bytes, kind: type[NodeEvent], form: str) -> object:
        text = self._text(data)
        try:
            self._events = _yaml().parse(text)
            return self._document(kind, form)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._error(mark, f"not YAML: {error.problem or error.context or 'cannot be read'}") from None
        except (YAMLError, ValueError, RecursionError) as error:
            raise self._error(None, f"not YAML: {type(error).__name__}") from None

    def _text(self, data: bytes) -> str:
        """Count first, then decode."""
        for at, why in objections(data):
            raise self._at(data.count(b"\n", 0, at) + 1, 1, f"{self._what} has {why}")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise self._at(data.count(b"\n", 0, error.start) + 1, 1, f"{self._what} is UTF-8 text") from None

    def _document(self, kind: type[NodeEvent], form: str) -> object:
        root: object = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent) and (event.version is not None or event.tags):
                raise self._error(event.start_mark, "directives are not allowed")
            if isinstance(event, NodeEvent):
                if root is not None:
                    raise self._error(event.start_mark, f"{self._what} has one document")
                if not isinstance(event, kind):
                    raise self._error(event.start_mark, f"{self._what} is a {form}; this one is empty or something else")
                root = self._value(event, (), 0)
        if root is None:
            raise self._at(1, 1, f"{self._what} is a {form}; this one is empty or something else")
        return root

    def _value(self, event: Event, path: Where, depth: int) -> object:
        self._plain(event, depth)
        self.places.setdefault(path, self._place(event.start_mark))
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, SequenceStartEvent):
            items: list[object] = []
            while not isinstance(item := next(self._events), SequenceEndEvent):
                items.append(self._value(item, (*path, len(items)), depth + 1))
            return items
        found: dict[str, object] = {}
        while not isinstance(key := next(self._events), MappingEndEvent):
            name = self._key(key, found, depth)
            self.places[(*path, name)] = self._place(key.start_mark)
            found[name] = self._value(next(self._events), (*path, name), depth + 1)
        return found

    def _key(self, event: Event, found: dict[str, object], depth: int) -> str:
        self._plain(event, depth)
        if not isinstance(event, ScalarEvent) or event.value == "<<":
            raise self._error(event.start_mark, "a key is a plain word")
        name = str(event.value)
        if depth == 0 and len(found) >= _MOST_KEYS:
            raise self._error(event.start_mark, f"{self._what} has at most {_MOST_KEYS} keys at its top")
        if name in found:
            raise self._error(event.start_mark, f"{name[:60]!r} stands here twice")
        return name

    def _plain(self, event: Event, depth: int) -> None:
        """Refuse what multiplies, executes or goes on and on."""
        self._parts += 1
        if isinstance(event, AliasEvent):
            raise self._error(event.start_mark, "aliases are not allowed: write the value out")
        if getattr(event, "anchor", None) is not None:
            raise self._error(event.start_mark, "anchors are not allowed: write the value out")
        if getattr(event, "tag", None) is not None:
            raise self._error(event.start_mark, "tags are not allowed")
        if depth > _DEEPEST or self._parts > MOST_PARTS:
            raise self._error(event.start_mark, f"deeper than {_DEEPEST} levels, or more than {MOST_PARTS} keys and values")

    def _place(self, mark: StreamMark) -> Place:
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _error(self, mark: StreamMark | None, text: str) -> PolicyError:
        return self._at(mark.line + 1, mark.column + 1, text) if mark is not None else self._at(1, 1, text)

    def _at(self, line: int, column: int, text: str) -> PolicyError:
        return PolicyError((Problem(Place(self._file, line, column), text),))


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _scalar(event: ScalarEvent) -> object:
    """Give the value by YAML 1.2's core schema, strings where in doubt: `NO` and `12:30` stay what they are."""
    text = str(event.value)
    if event.style is not None:
        return text
    if _NUMBER.fullmatch(text):
        return int(text)
    if text in {"true", "false"}:
        return text == "true"
    return None if text in _NOTHING else text
