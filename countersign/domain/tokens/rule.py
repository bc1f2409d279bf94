"""What a rule is: a name, a class, where it finds values in a text, and how a value is brought into its normal form."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.view import View

EDGE = r"(?:(?<![0-9A-Za-z_])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))"
"""Where a word may begin: after no letter, digit or underscore, or after an escape such as `\\n` or `%3D`."""

Places = Iterable[tuple[int, int]]


def as_it_is(value: str) -> str:
    """Give the value itself."""
    return value


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to find values of a class. `patterns` say in the rule set's digest what it looks for: patterns and words.

    `find` takes time linear in the text, whatever is in it. Patterns repeat single characters possessively, and groups within
    an atomic group: before Python 3.11.5 a possessive repeat of a group that could itself go back matched too much.
    """

    name: str
    kind: ValueClass
    find: Callable[[View], Places]
    patterns: tuple[str, ...]
    normal: Callable[[str], str] = as_it_is
