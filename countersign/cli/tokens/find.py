"""`countersign tokens find`: where in a text sensitive values stand, and of which class; never what they are."""

import argparse
import json
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from countersign.cli import Commands
from countersign.cli.table import table
from countersign.cli.tokens.action import FINE, FOUND, add, classed, classes, formatted, read, several
from countersign.domain.tokens.finding import find
from countersign.domain.tokens.kinds import ValueClass

_REST = """\
exit status:
  0  no value was found
  1  a value was found
  2  the command line is wrong, or a file cannot be read

examples:
  countersign tokens find plan.txt
  git diff | countersign tokens find --class host --format json
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    characters: int
    kind: str


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add(actions, "find", "show where sensitive values stand, and their class", _find, _REST)
    classed(parser)
    several(parser, "texts")
    formatted(parser)


def _find(options: argparse.Namespace) -> int:
    wanted = classes(options)
    places = [place for path in options.files for place in _places(str(path), read(path), wanted)]
    if options.format == "json":
        for place in places:
            told = asdict(place)
            print(json.dumps({"class": told.pop("kind"), **told}, sort_keys=True))
    elif places:
        rows = [(place.file, str(place.line), str(place.column), place.kind) for place in places]
        print(table(("file", "line", "column", "class"), rows))
    else:
        print("no value was found", file=sys.stderr)
    return FOUND if places else FINE


def _places(name: str, text: str, wanted: frozenset[ValueClass]) -> Iterator[Place]:
    starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == "\n")]
    for finding in find(text, wanted):
        line = bisect_right(starts, finding.start)
        column = finding.start - starts[line - 1] + 1
        yield Place(name, line, column, finding.end - finding.start, finding.kind.value)
