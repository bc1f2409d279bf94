"""Finds what names a person: e-mail addresses and telephone numbers. Does not find names: no pattern tells Rose from a rose.

A day is no telephone number, nor is a day or a time in seconds that a diff adds (`+20260101`, `+1700000000` at a line's start).
"""

import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import Rule
from countersign.domain.tokens.view import View, parts

_AT = re.compile(r"(?:@|%40|\\u0040)([\w-]++(?>(?:\.[\w-]++)+))")
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-~")
_LONGEST_LOCAL = 64
_TOP = re.compile(r"[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59}", re.IGNORECASE)
_USERINFO = re.compile(r"://[^\s/?#@]{0,64}:[^\s/?#]{0,64}\Z")
_FAR = 140

_WORLD = re.compile(r"(?:(?<![\w+.])|(?<=\\[nrt]))(?:\+|%2[Bb])[1-9](?>(?:[ ./()-]{0,2}[0-9]){7,14})(?![0-9])")
_DAY = re.compile(r"\+?(?:19|20)[0-9]{2}([-./])(?:0[1-9]|1[0-2])\1[0-3][0-9](?![0-9])")
_ADDED = re.compile(r"\+(?:20[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9](?:[0-9]{6})?|1(?![2-9][0-9]{2}[2-9][0-9]{6}\Z)[0-9]{9,})")
"""Days, and times in seconds or less: in America a number begins with neither 0 nor 1 behind its +1, and has ten digits."""
_MARKED = re.compile(
    r"(?:(?<![0-9a-z])|(?<=\\[nrt]))(?:tel(?:ephone|efon)?|phone|mobile?|handy|fax|cell|whatsapp)"
    r"(?:[ _-]?(?:number|nr|no))?\.?(?:\\?[\"'])?[ \t]{0,24}[:=#]?[ \t]{0,24}(?:\\?[\"'])?(?<=[ \t:=#\"'.])"
    r"([+(]?[0-9](?>(?:[ ./()-]{0,2}[0-9]){5,14}))(?![0-9])"
)


def _emails(view: View) -> Iterator[tuple[int, int]]:
    text, done = view.text, 0
    for first, last in parts(view.low, "@", "%40", "\\u0040"):
        for match in _AT.finditer(text, first, last):
            domain = match[1].rstrip("-_")
            if not _TOP.fullmatch(domain.rpartition(".")[2]):
                continue
            start = _local(text, done, match.start())
            if start < match.start() and text[start : match.start()] != "git" and not _password(text, start):
                done = match.start(1) + len(domain)
                yield start, done


def _local(text: str, done: int, at: int) -> int:
    """Walk back to where the part before the @ begins."""
    start = at
    while start > done and at - start < _LONGEST_LOCAL:
        letter = text[start - 1]
        if (
            letter in _LOCAL
            or (not letter.isascii() and letter.isalnum())
            or (letter == "%" and text[start : start + 2].lower() == "2b")
        ):
            start -= 1
        else:
            break
    before = text[max(0, start - 1) : start]
    if before == "%":
        start += 2
    elif before == "\\" and text[start] in "nrt":
        start += 1
    while start < at and text[start] in ".+-":
        start += 1
    return min(start, at)


def _password(text: str, start: int) -> bool:
    """Say whether what looks like an address is a URL's password and host: `://user:password@host`."""
    return any(_USERINFO.finditer(text[max(0, start - _FAR) : start]))


def _phones(view: View) -> Iterator[tuple[int, int]]:
    for first, last in parts(view.low, "+", "%2b"):
        for match in _WORLD.finditer(view.text, first, last):
            added = match.start() == 0 or view.text[match.start() - 1] in "\r\n"
            if not _DAY.match(match[0]) and not (added and _ADDED.fullmatch(match[0])):
                yield match.span()
    for first, last in parts(view.low, "tel", "phone", "mobil", "handy", "fax", "cell", "whatsapp"):
        for match in _MARKED.finditer(view.low, first, last):
            if not _DAY.match(match[1]):
                yield match.span(1)


def _normal_email(value: str) -> str:
    """Decode what a URL escapes and write the domain in lower case; what stands before the @ may tell upper from lower case."""
    plain = value.replace("%40", "@").replace("\\u0040", "@").replace("%2B", "+").replace("%2b", "+")
    name, _, domain = plain.rpartition("@")
    return f"{name}@{domain.lower()}"


def _normal_phone(value: str) -> str:
    """Keep the digits, and `+` where the number says its country."""
    plain = value.replace("%2B", "+").replace("%2b", "+")
    digits = "".join(letter for letter in plain if letter.isdigit()).removeprefix("00" if not plain.startswith("+") else "")
    return f"+{digits}" if plain.startswith(("+", "00")) else digits


RULES = (
    Rule(
        "e-mail",
        ValueClass.PERSONAL,
        _emails,
        (_AT.pattern, _TOP.pattern, _USERINFO.pattern, "".join(sorted(_LOCAL)), str(_LONGEST_LOCAL), str(_FAR)),
        _normal_email,
    ),
    Rule("telephone", ValueClass.PERSONAL, _phones, (_WORLD.pattern, _DAY.pattern, _ADDED.pattern, _MARKED.pattern), _normal_phone),
)
