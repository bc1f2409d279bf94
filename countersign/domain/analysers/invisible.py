"""Characters that a reader does not see, or that change the order of what is seen (Trojan Source). Tells where and which.

Emoji and scripts need some of them: a joiner between two emoji or two letters of one script, a variation selector after a
symbol. Those are not told. A byte order mark at the beginning of a file and the end of a line on Windows are none either.
"""

import unicodedata
from collections.abc import Iterator

from countersign.domain.neutral import hidden

_JOINERS = "\u200c\u200d"
_VARIANTS = "\ufe0e\ufe0f"
_KEYCAPS = "0123456789#*"
_LATIN = ("LATIN", "CYRILLIC", "GREEK")


def invisible(text: str) -> Iterator[str]:
    """Give every character of a line that must be told."""
    if text.isascii() and text.isprintable():
        return
    suspects = {character for character in set(text) if hidden(character)}
    if not suspects:
        return
    for index, character in enumerate(text):
        if character in suspects and not _belongs(text, index, character):
            yield character


def named(character: str) -> str:
    """Name a character by number and, where it has one, by name."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" {name}" if name else "")


def _belongs(text: str, index: int, character: str) -> bool:
    before = text[index - 1] if index else ""
    after = text[index + 1] if index + 1 < len(text) else ""
    if character == "\r":
        return not after
    if character in _VARIANTS:
        return (before != "" and before in _KEYCAPS) or _symbol(before)
    if character in _JOINERS:
        return (_symbol(before) and _symbol(after)) or _same_script(before, after)
    return False


def _symbol(character: str) -> bool:
    return character != "" and (unicodedata.category(character) in {"So", "Sk", "Sm"} or character in _VARIANTS)


def _same_script(before: str, after: str) -> bool:
    """Say whether both are letters of one script that joins letters: Persian and Hindi do, Latin does not."""
    scripts = {unicodedata.name(character, "").partition(" ")[0] for character in (before, after) if character}
    return (
        len(scripts) == 1 and not scripts & {"", *_LATIN} and all(unicodedata.category(c)[0] in "LM" for c in (before, after) if c)
    )
