"""Finds every value of some classes in a text. Overlaps become one finding of the strictest class; placeholders are left alone.

A text within base64 is looked into once. Does not replace anything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from countersign.domain.tokens.kinds import ValueClass, strictest
from countersign.domain.tokens.placeholder import placeholders
from countersign.domain.tokens.rules import RULES
from countersign.domain.tokens.view import View, gaps
from countersign.domain.tokens.wrapped import wrapped


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A value: where it stands, its class, and its normal form, which is what its token is made of."""

    start: int
    end: int
    kind: ValueClass
    normal: str


def find(text: str, classes: Iterable[ValueClass]) -> list[Finding]:
    """Give the values in a text, in their order and apart from one another."""
    wanted = frozenset(classes)
    view = View.of(text)
    found = [*_direct(view, wanted), *_wrapped(view, wanted)]
    holes = list(placeholders(text))
    return [piece for finding in _merged(text, sorted(found)) for piece in _around(text, finding, holes)]


def _direct(view: View, wanted: frozenset[ValueClass]) -> Iterator[Finding]:
    for rule in RULES:
        if rule.kind in wanted:
            for start, end in rule.find(view):
                yield Finding(start, end, rule.kind, rule.normal(view.text[start:end]))


def _wrapped(view: View, wanted: frozenset[ValueClass]) -> Iterator[Finding]:
    """Where all of the inner text is one value, the outer one has its token: the same key, wrapped or not."""
    for start, end, inner in wrapped(view.text):
        found = list(_direct(View.of(inner), wanted))
        if found:
            kind = strictest(finding.kind for finding in found)
            whole = [finding for finding in found if inner.strip() == inner[finding.start : finding.end].strip()]
            yield Finding(start, end, kind, whole[0].normal if whole else view.raw[start:end])


def _merged(text: str, found: list[Finding]) -> Iterator[Finding]:
    """Make one of those that overlap. What covers all of the others keeps its own normal form."""
    group: list[Finding] = []
    end = 0
    for finding in found:
        if group and finding.start >= end:
            yield _union(text, group, end)
            group = []
        end = finding.end if not group else max(end, finding.end)
        group.append(finding)
    if group:
        yield _union(text, group, end)


def _union(text: str, group: list[Finding], end: int) -> Finding:
    start, kind = group[0].start, strictest(finding.kind for finding in group)
    whole = [finding for finding in group if (finding.start, finding.end) == (start, end)]
    of_kind = [finding for finding in whole if finding.kind is kind]
    best = of_kind or whole
    return Finding(start, end, kind, best[0].normal if best else text[start:end])


def _around(text: str, finding: Finding, holes: list[tuple[int, int]]) -> Iterator[Finding]:
    """Leave out the placeholders within a finding; what stands beside them is a value of its own where it says anything."""
    pieces = list(gaps(finding.start, finding.end, holes))
    if pieces == [(finding.start, finding.end)]:
        yield finding
        return
    for start, end in pieces:
        piece = text[start:end]
        if any(letter.isalnum() for letter in piece):
            yield Finding(start, end, finding.kind, piece)
