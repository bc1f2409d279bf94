"""Letters that look like others: mixed scripts and stand-ins, in names and in words. Does not judge what is written.

A table of the letters that stand in for Latin ones in the wild, not Unicode's whole list of confusables: the standard library
has none, and every entry here is one that a reader in an ordinary font takes for the Latin letter.
"""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "GEORGIAN", "LISU"})
_STAND_INS = frozenset(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d"  # Cyrillic
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u04ae\u04c0\u051a\u051c"
    "\u03bf\u03bd\u03c1\u03b1\u03b9\u03ba\u03c5"  # Greek
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u0578\u057d\u0585\u0566\u0570\u0561"  # Armenian
)


def mixed(text: str, *, scripts: frozenset[str] = _SCRIPTS) -> str | None:
    """Give a word that mixes Latin letters with those of another script; None where there is none."""
    if text.isascii():
        return None
    for word in _WORD.findall(text):
        found = {_script(letter) for letter in word} & scripts
        if len(found) > 1 and "LATIN" in found:
            return str(word)
    return None


def stands_in(name: str) -> str | None:
    """Give a word made only of letters that look Latin and are not, or one in letters that Unicode folds into others."""
    if name.isascii():
        return None
    for word in _WORD.findall(name):
        if unicodedata.normalize("NFKC", word) != word or all(letter in _STAND_INS for letter in word):
            return str(word)
    return None


def spelled(word: str) -> str:
    """Name the letters beyond ASCII by their numbers: what is shown must not deceive once more."""
    return "".join(letter if letter.isascii() else f"⟨U+{ord(letter):04X}⟩" for letter in word)


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]
