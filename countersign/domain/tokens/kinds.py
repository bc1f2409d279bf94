"""The classes of values that the code can tell apart: the only names that a policy's `tokens` may have.

Says which is stricter. What belongs to each is said by the rules (`rules.py`).
"""

from collections.abc import Iterable
from enum import StrEnum


class ValueClass(StrEnum):
    """A class of values, the strictest first."""

    SECRET = "secret"  # noqa: S105 - the name of a class
    PERSONAL = "personal"
    ACCOUNT = "account"
    HOST = "host"


ALL = frozenset(ValueClass)
"""What is looked for where no policy says less."""

ALWAYS = frozenset({ValueClass.SECRET})
"""What is replaced whatever a policy says."""


def strictest(classes: Iterable[ValueClass]) -> ValueClass:
    """Give the strictest of some classes."""
    order = list(ValueClass)
    return min(classes, key=order.index)
