"""Replaces values by their tokens, and counts them. Doing it twice changes nothing: placeholders are left alone.

Keeps no list of what it replaced. A token is 80 bits, so of a million values two share one with a chance below one in a
trillion; nothing here would see that.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from countersign.domain.ids import Digest
from countersign.domain.tokens.finding import find
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALWAYS, ValueClass
from countersign.domain.tokens.rules import ruleset

_ROUNDS = 8
"""What a placeholder now stands beside may be found in a second look. A text that takes more looks than these is hidden whole."""


@dataclass(frozen=True, slots=True)
class Tokenized:
    """A text without values of the classes, and how many placeholders were put into it."""

    text: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Replaces the values of some classes, and secrets always, for one project."""

    key: TokensKey
    project: str
    classes: frozenset[ValueClass]

    def tokenize(self, text: str) -> Tokenized:
        """Replace what is found. Total: where a rule stumbles, the whole text is taken for a secret."""
        try:
            return self._looked_through(text)
        except Exception:  # noqa: BLE001 - fail closed: a text that we cannot read must neither leave nor keep a record from its place
            return self._whole(text)

    def _looked_through(self, text: str) -> Tokenized:
        counts: Counter[str] = Counter()
        for _ in range(_ROUNDS):
            found = find(text, self.classes | ALWAYS)
            if not found:
                return Tokenized(text, dict(sorted(counts.items())))
            parts, position = [], 0
            for finding in found:
                parts += [text[position : finding.start], self.key.token(self.project, finding.kind, finding.normal)]
                position = finding.end
                counts[finding.kind.value] += 1
            text = "".join([*parts, text[position:]])
        return self._whole(text)

    def _whole(self, text: str) -> Tokenized:
        return Tokenized(self.key.token(self.project, ValueClass.SECRET, text), {ValueClass.SECRET.value: 1})

    @property
    def ruleset(self) -> Digest:
        """Name the rules that look."""
        return ruleset()


def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Sum up counts, class by class."""
    summed: Counter[str] = Counter()
    for each in counts:
        summed.update(each)
    return {kind: number for kind, number in sorted(summed.items()) if number}
