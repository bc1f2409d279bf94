"""The forms in which a value that somebody knows can have become a token: by itself, and behind a word that says what it is.

Twelve digits are an account only behind such a word, and national digits a telephone number; records hold their tokens all the
same. As a secret anything may have been found. What stood within a longer value is in that one's token: nobody can tell it here.
"""

from collections.abc import Iterable, Iterator

from countersign.domain.tokens.finding import find
from countersign.domain.tokens.kinds import ValueClass

_BEFORE = ("", "account_id=", "tel: ", "arn:aws:iam::")


def forms(value: str, classes: Iterable[ValueClass]) -> Iterator[tuple[ValueClass, str]]:
    """Give each class that a value can be of, and the normal form that it has there, the strictest class first."""
    wanted = frozenset(classes)
    found = {(ValueClass.SECRET, value)} if ValueClass.SECRET in wanted else set()
    for before in _BEFORE:
        for finding in find(before + value, wanted):
            if (finding.start, finding.end) == (len(before), len(before) + len(value)):
                found.add((finding.kind, finding.normal))
    order = list(ValueClass)
    yield from sorted(found, key=lambda form: (order.index(form[0]), form[1]))
