"""What makes a change harder to see than it looks: unseen characters, stand-in letters, endless lines, folded files.

Signals raise the tier and never refuse. What is told is told by number and name, never by the character itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from countersign.domain.analysers.contents import Sides, added_lines
from countersign.domain.analysers.invisible import invisible, named
from countersign.domain.analysers.lookalikes import mixed, spelled, stands_in
from countersign.domain.facts import Signal

HIDDEN, LOOKALIKE, LONG, FOLDED = "hidden characters", "lookalike letters", "long line", "folded file"
WILDCARD, UNAPPLIED, UNREAD, UNPARSED = "wildcard", "not applied any more", "not looked into", "not parsed"

LONGEST = 1000
"""Characters of a line that reviewers read to its end."""

_BOM = "\ufeff"
_TOLD = 5
_MOST = 50
"""Signals of one kind in one file; the last one says that there are more."""

_MOST_COUNTED = 1000
"""Signals of one file after which nothing is looked for any more: they lift together, and millions take a minute to name."""

_WORD_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "ARMENIAN", "CHEROKEE", "LISU"})
"""In running text Greek letters stand beside Latin ones all the time: μs, Δt."""


def of_name(path: str) -> Iterator[Signal]:
    """Tell what is odd about a path. Hidden characters in it refuse, in `paths`."""
    word = mixed(path) or stands_in(path)
    if word is not None:
        yield Signal(
            LOOKALIKE, path, 1, f"the name holds {spelled(word)[:200]}, letters of several scripts or standing in for others"
        )


def of_words(texts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Give the names of the texts (title, branch, claims) that hold unseen characters, with the characters."""
    for name, text in texts:
        found = Counter(character for line in text.split("\n") for character in invisible(line.replace("\t", " ")))
        if found:
            yield f"{name}: {_characters(found)}"


def of_lines(sides: Sides) -> Iterator[Signal]:
    """Tell what is odd about the lines that are new."""
    counts: Counter[str] = Counter()
    for signal in islice(_lines(sides), _MOST_COUNTED):
        counts[signal.kind] += 1
        if counts[signal.kind] <= _MOST:
            yield signal
    least = "at least " if counts.total() == _MOST_COUNTED else ""
    for kind, count in sorted(counts.items()):
        if count > _MOST:
            yield Signal(kind, sides.path, 1, f"and {least}{count - _MOST} more lines")


def _lines(sides: Sides) -> Iterator[Signal]:
    for number, line in added_lines(sides):
        if number == 1:
            line = line.removeprefix(_BOM)  # noqa: PLW2901 - the mark is no part of the line
        found = Counter(invisible(line.replace("\t", " ")))
        if found:
            yield Signal(HIDDEN, sides.path, number, _characters(found))
        word = mixed(line, scripts=_WORD_SCRIPTS)
        if word is not None:
            yield Signal(LOOKALIKE, sides.path, number, f"{spelled(word)[:200]} mixes scripts")
        if len(line) > LONGEST:
            yield Signal(LONG, sides.path, number, f"{len(line)} characters")


def _characters(found: Counter[str]) -> str:
    parts = [named(character) + (f", {count} times" if count > 1 else "") for character, count in sorted(found.items())]
    return "; ".join(parts[:_TOLD]) + (f" and {len(parts) - _TOLD} others" if len(parts) > _TOLD else "")
