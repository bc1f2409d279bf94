"""Reads YAML, JSON and TOML of a change into trees, within bounds. Executes nothing, resolves no tag, trusts no alias.

Unlike the policy's reader it takes what such files may hold in the wild: several documents, anchors, tags. What is too large,
too deep, says a key twice or unfolds into too much is not read, and whoever needs it has to do without (`NotReadError`).
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import partial

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser

from countersign.domain.analysers.bounds import DEEPEST, Allowance, Count, NotReadError, TooMuchError
from countersign.domain.analysers.tree import Listed, Mapped, Scalar, Tree

__all__ = ["NotReadError", "differing", "is_structured", "read"]

LARGEST = 512 * 1024
"""Characters of what differs in one file. The reader manages some 100 kB a second."""

_MOST_DOCUMENTS = 200
_TOML_MARKS = re.compile(r"[\n={},]")
_BEGINNINGS = re.compile(r"^(?=---(?:\s|\Z))", re.MULTILINE)
_NO_CUTTING = re.compile(r"^(?:%|\.\.\.|\ufeff)", re.MULTILINE)
"""Directives and ends of documents say what the next one is."""

_BRACKETS = re.compile(r"[\[\]{}]")
YAML_ENDINGS, JSON_ENDINGS, TOML_ENDINGS = (".yaml", ".yml"), (".json",), (".toml",)


def is_structured(path: str) -> bool:
    """Say whether a path is one of a structured file."""
    return path.lower().endswith((*YAML_ENDINGS, *JSON_ENDINGS, *TOML_ENDINGS))


def read(path: str, text: str, longest: int | None = None, allowance: Allowance | None = None) -> Sequence[Tree]:
    """Give the documents of a file; JSON and TOML hold one. `longest` is in characters; 0 reads nothing at all.

    `allowance` is what the files of a change share; a file that is read alone has all of it.

    Raises:
        NotReadError: it is not of its form, or beyond the bounds.
    """
    if len(text) > (LARGEST if longest is None else longest):
        raise TooMuchError(1, f"is larger than {LARGEST} characters, or part of a change with too much like it")
    name, allowance = path.lower(), allowance or Allowance()
    try:
        if name.endswith(YAML_ENDINGS):
            return _Yaml(allowance).read(text.removeprefix("\ufeff"))
        if name.endswith(TOML_ENDINGS):
            return [_plain(_toml(text), Count(allowance))]
        pairs = json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_once)
        return [_plain(pairs, Count(allowance))]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotReadError(mark.line + 1 if mark else 1, "is not YAML") from None
    except json.JSONDecodeError as error:
        raise NotReadError(error.lineno, "is not JSON") from None
    except (YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError, AttributeError, TypeError, IndexError, KeyError):
        raise NotReadError(1, "is not of its form, or too deep") from None


def differing(path: str, old: str, new: str) -> tuple[str, str]:
    """Blank out the documents of a YAML file that stand on both sides; lines keep their numbers. Other files stay as they are.

    A line of three dashes begins a document wherever it stands, so this needs no reader.
    """
    if not path.lower().endswith(YAML_ENDINGS) or any(_NO_CUTTING.search(text) for text in (old, new)):
        return old, new
    parts = [_BEGINNINGS.split(text) for text in (old, new)]
    common = Counter(map(_said, parts[0])) & Counter(map(_said, parts[1]))
    return _blanked(parts[0], Counter(common)), _blanked(parts[1], common)


def _said(part: str) -> str:
    return part.removeprefix("---\n").rstrip("\n")


def _blanked(parts: Sequence[str], common: Counter[str]) -> str:
    kept: list[str] = []
    for part in parts:
        same = common[_said(part)] > 0
        common[_said(part)] -= same
        kept.append("\n" * part.count("\n") if same else part)
    return "".join(kept)


class _Parser(Parser):
    """The parser, at a price: a document is composed whole before anybody else sees a part of it."""

    def __init__(self, allowance: Allowance, loader: YAML) -> None:
        super().__init__(loader)
        self._allowance = allowance

    def get_event(self) -> object:
        event = super().get_event()
        self._allowance.use(event.start_mark.line + 1)
        return event


class _Yaml:
    """Makes trees of nodes. Nodes, not values: they have lines, and nothing is built that a tag asks for."""

    def __init__(self, allowance: Allowance) -> None:
        self._count = Count(allowance)
        self._parser = partial(_Parser, allowance)

    def read(self, text: str) -> list[Tree]:
        self._look(text)
        documents: list[Tree] = []
        yaml = YAML(typ="safe", pure=True)
        yaml.Parser = self._parser
        yaml.composer.warn_double_anchors = False  # it would print the agent's text
        for node in yaml.compose_all(text):
            if len(documents) == _MOST_DOCUMENTS:
                raise NotReadError(1, f"has more than {_MOST_DOCUMENTS} documents")
            documents.append(self._tree(node, 0, 0))
        return documents

    def _look(self, text: str) -> None:
        """Refuse deep brackets before the reader sees them: it takes seconds for some thousands. Those in strings count too."""
        depth = 0
        for bracket in _BRACKETS.finditer(text):
            depth = max(0, depth + (1 if bracket[0] in "[{" else -1))
            if depth > DEEPEST:
                raise NotReadError(text.count("\n", 0, bracket.start()) + 1, f"has more than {DEEPEST} levels")

    def _tree(self, node: Node, depth: int, length: int) -> Tree:
        line = node.start_mark.line + 1
        self._count.one(line, depth, length)
        if isinstance(node, SequenceNode):
            return Listed([self._tree(item, depth + 1, length) for item in node.value], line)
        if isinstance(node, MappingNode):
            items: dict[str, Tree] = {}
            for key, item in node.value:
                if not isinstance(key, ScalarNode):
                    raise NotReadError(key.start_mark.line + 1, "has a key that is no plain word, as templates do")
                if key.value in items and key.value != "<<":
                    raise NotReadError(key.start_mark.line + 1, "says a key twice")
                items[str(key.value)] = self._tree(item, depth + 1, length + len(key.value))
            return Mapped(items, line)
        if not isinstance(node, ScalarNode):
            raise NotReadError(line, "holds a node of no known kind")
        return Scalar(_written(node), line)


def _written(node: ScalarNode) -> str:
    """Give a value as one would write it: a string that another reader would take for a number is quoted."""
    text = str(node.value)
    quoted = node.style in {'"', "'"} and (text == "" or text.lower() in _WORDS or text.replace(".", "", 1).isdigit())
    if node.style is None and text in {"", "~"}:
        return "null"
    return json.dumps(text) if quoted else text


_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "~", "y", "n"})


def _toml(text: str) -> object:
    """Read TOML. A key of many dots takes its reader minutes, so what has that many between two marks is not read."""
    if any(part.count(".") > DEEPEST for part in _TOML_MARKS.split(text)):
        raise NotReadError(1, f"has more than {DEEPEST} levels")
    return tomllib.loads(text, parse_float=str)


def _no_constant(_: str) -> object:
    raise ValueError("NaN and Infinity are no JSON")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotReadError(1, "says a key twice")
    return found


def _plain(value: object, count: Count, depth: int = 0, length: int = 0) -> Tree:
    """Make a tree of plain values. JSON and TOML are read without lines, so all of it stands on line 1."""
    count.one(1, depth, length)
    match value:
        case dict():
            return Mapped({str(key): _plain(item, count, depth + 1, length + len(str(key))) for key, item in value.items()})
        case list():
            return Listed([_plain(item, count, depth + 1, length) for item in value])
        case bool():
            return Scalar("true" if value else "false", 1)
        case None:
            return Scalar("null", 1)
        case _:
            return Scalar(str(value), 1)
