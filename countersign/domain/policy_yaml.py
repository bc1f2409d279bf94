"""Reads a policy file: bytes in, a Policy out, or every problem with file, line and column at once.

YAML 1.2 without its traps: no anchors, aliases, tags, merge keys or second documents, no duplicate keys, bounded size and
depth, all of it looked at before anything is built. Does not say what a policy means (`decide`).
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tokens import AliasToken, AnchorToken, DirectiveToken, DocumentStartToken, TagToken

from countersign.domain.decision import Place
from countersign.domain.ids import digest_of
from countersign.domain.policy import Document, Policy
from countersign.domain.policy_check import Where, dangling

_LARGEST = 256 * 1024
_DEEPEST = 20
_MOST_NODES = 20_000
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
_FORBIDDEN = {
    AliasToken: "aliases are not allowed: write the value out",
    AnchorToken: "anchors are not allowed: write the value out",
    TagToken: "tags are not allowed",
    DirectiveToken: "directives are not allowed",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and where."""

    place: Place
    text: str

    def __str__(self) -> str:
        """Write it as compilers do."""
        return f"{self.place}: {self.text}"


class PolicyError(Exception):
    """The policy does not load. Its text names every problem, one a line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems, in the order of the file."""
        super().__init__("\n".join(str(problem) for problem in sorted(problems)))
        self.problems = tuple(sorted(problems))


def load_policy(data: bytes, *, file: str = ".countersign/policy.yaml") -> Policy:
    """Read a policy.

    Raises:
        PolicyError: anything at all is wrong with it. There is no policy that is half in force.
    """
    value, places = _Reader(file).read(data)
    try:
        document = Document.model_validate(value)
    except ValidationError as error:
        raise PolicyError(
            tuple(_problem(item["loc"], item["msg"], item["type"], places, file) for item in error.errors())
        ) from None
    problems = [Problem(_place(where, places, file), text) for where, text in dangling(document)]
    if problems:
        raise PolicyError(tuple(problems))
    return Policy.of(document, digest_of(data), places)


def read_list(data: bytes, *, file: str, what: str) -> tuple[list[object], Mapping[Where, Place]]:
    """Read another file of ours as strictly as a policy: a list, and where each part of it stands.

    Raises:
        PolicyError: it is no such file. `what` is what errors call it.
    """
    value, places = _Reader(file, what, SequenceNode).read(data)
    assert isinstance(value, list)  # noqa: S101 - the root is a sequence
    return value, places


class _Reader:
    """Builds plain values from nodes and remembers where each stood."""

    def __init__(self, file: str, what: str = "a policy", root: type[Node] = MappingNode) -> None:
        self._file = file
        self._what = what
        self._root = root
        self._places: dict[Where, Place] = {}
        self._nodes = 0

    def read(self, data: bytes) -> tuple[object, dict[Where, Place]]:
        """Give the value and its places."""
        if len(data) > _LARGEST:
            raise self._error(1, 1, f"{self._what} is at most {_LARGEST} bytes")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise self._error(data[: error.start].count(b"\n") + 1, 1, f"{self._what} is UTF-8 text") from None
        try:
            self._scan(text)
            root = _yaml().compose(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise self._error(line, column, f"not YAML: {error.problem or error.context or 'cannot be read'}") from None
        except (YAMLError, ValueError, RecursionError) as error:
            raise self._error(1, 1, f"not YAML: {type(error).__name__}") from None
        if not isinstance(root, self._root):
            form = "mapping" if self._root is MappingNode else "list"
            raise self._error(1, 1, f"{self._what} is a {form}; this one is empty or something else")
        return self._value(root, (), 0), self._places

    def _scan(self, text: str) -> None:
        """Look at the tokens first: what multiplies or executes is refused before it is composed."""
        documents, depth = 0, 0
        for token in _yaml().scan(text):
            self._nodes += 1
            name = type(token).__name__
            depth += name.endswith("StartToken") and name not in {"StreamStartToken", "DocumentStartToken"}
            depth -= name in {"BlockEndToken", "FlowMappingEndToken", "FlowSequenceEndToken"}
            documents += isinstance(token, DocumentStartToken)
            forbidden = next((why for kind, why in _FORBIDDEN.items() if isinstance(token, kind)), None)
            if documents > 1:
                forbidden = "one document a file"
            if depth > _DEEPEST or self._nodes > _MOST_NODES:
                forbidden = f"deeper than {_DEEPEST} levels or more than {_MOST_NODES} tokens"
            if forbidden:
                raise self._error(token.start_mark.line + 1, token.start_mark.column + 1, forbidden)

    def _value(self, node: Node, path: Where, depth: int) -> object:
        self._places[path] = self._place(node)
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*path, number), depth + 1) for number, item in enumerate(node.value)]
        found: dict[str, object] = {}
        for key, item in node.value:
            if not isinstance(key, ScalarNode) or key.value == "<<":
                raise self._error(key.start_mark.line + 1, key.start_mark.column + 1, "a key is a plain word")
            if key.value in found:
                raise self._error(key.start_mark.line + 1, key.start_mark.column + 1, f"{key.value[:60]!r} stands here twice")
            found[key.value] = self._value(item, (*path, key.value), depth + 1)
            self._places[(*path, key.value)] = self._place(key)
        return found

    def _place(self, node: Node) -> Place:
        return Place(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _error(self, line: int, column: int, text: str) -> PolicyError:
        return PolicyError((Problem(Place(self._file, line, column), text),))


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _scalar(node: ScalarNode) -> object:
    """Give the value by YAML 1.2's core schema, strings where in doubt: `NO` and `12:30` stay what they are."""
    tag = node.tag or ""
    if node.style is not None or tag.endswith(":str"):
        return node.value
    if tag.endswith(":int") and _NUMBER.fullmatch(node.value):
        return int(node.value)
    if tag.endswith(":bool") and node.value in {"true", "false"}:
        return node.value == "true"
    if tag.endswith(":null"):
        return None
    return node.value


def _place(where: Where, places: dict[Where, Place], file: str) -> Place:
    """Give the place of the nearest part that stands in the file."""
    for length in range(len(where), -1, -1):
        if where[:length] in places:
            return places[where[:length]]
    return Place(file, 1, 1)


def _problem(where: Where, message: str, kind: str, places: dict[Where, Place], file: str) -> Problem:
    name = ".".join(str(part) for part in where)
    text = message.removeprefix("Value error, ")
    if kind == "extra_forbidden":
        siblings = [str(part) for part in Document.model_fields] if len(where) == 1 else []
        close = difflib.get_close_matches(str(where[-1]), siblings, n=1)
        text = "no such key" + (f"; did you mean {close[0]!r}?" if close else "")
    elif kind == "missing":
        text = "is missing"
    return Problem(_place(where, places, file), f"{name}: {text}")
