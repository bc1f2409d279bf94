r"""Says where the value of an assignment begins and ends, and whether it is one at all: quoted, bare, escaped, to the line's end.

A quote that is doubled is within the value, as SQL has it (`'it''s'`), and so is what stands between `$$` or `$tag$`.

Does not look for names; `assignments.py` does.
"""

import re

_ESCAPED = r"(?:\\{1,3}[\"']|\\{1,2}u002[27])"
QUOTED = (
    rf"(?:{_ESCAPED}(?P<e>(?>[^\"'\\\n]*+(?:\\(?!\\{{0,2}}[\"']|\\?u002[27])[^\"'\\\n]*+)*))"
    r"|\"(?P<d>(?>[^\"\\\n]*+(?:(?:\\.|\"\")[^\"\\\n]*+)*))|'(?P<s>(?>[^'\\\n]*+(?:(?:\\.|'')[^'\\\n]*+)*))|`(?P<t>[^`\n]*+)"
    r"|\$(?P<tag>[a-z_]{0,16}+)\$(?P<q>[^\n]{1,256}?)\$(?P=tag)\$)"
)
_PLAIN = r"[^\s\"'`,;&<>\\]"
BARE = rf"(?P<b>(?={_PLAIN}|\\[^nrt\s\"'])(?>{_PLAIN}*+(?:\\[^nrt\s\"']{_PLAIN}*+)*))"
VALUE = f"(?:{QUOTED}|{BARE})"
GROUPS = ("e", "d", "s", "t", "q", "b")
CLOSED = rf"(?:{_ESCAPED}|\\{{0,3}}[\"'`])"
"""What closes the quotes of a name."""


_REST = re.compile(r"[^\n\r]*+")
_COMMENT = re.compile(r"[ \t]+#")
_NO_VALUES = re.compile(
    r"null|nil|none|true|false|undefined|required|optional|yes|no|str|string|bytes|bool|boolean|int|integer|number|object|any|text"
    r"|secretstr|varchar|unset|empty|redacted|masked|hidden|sensitive",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"[*x•.<>#_-]+|\[?(?:credential(?: [0-9]+)?|redacted|masked|filtered|hidden|removed)\]?|<[^<>]*>"
    r"|\(?(?:sensitive|known after)[^()]*\)?"
    r"|string!?|[a-z]+\[\]|\|[+-]?|>[+-]?",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\$[A-Z_][A-Z0-9_]*|\${1,2}\{[^{}]*\}?|\$\(.*|\{\{.*|%[A-Z_]+%|%\([a-z_]+\)s?|(?:var|local|data|module|each|env|secrets|inputs|self)\.[\w.\[\]-]+"
    r"|(?:os\.(?:environ|getenv)|process\.env|getenv|vault|file|lookup|env)\b.*|!(?:ref|vault|sub|getatt)\b.*|ref\+.*|ENC\[.*",
    re.IGNORECASE,
)
_SHOUTED = re.compile(r"\$[A-Z_][A-Z0-9_]*")
_MIXED = re.compile(r"(?=.*[0-9]).*|(?=.*[a-z])(?=.*[A-Z]).*", re.DOTALL)
_LEAST, _LEAST_BARE, _LONG = 3, 6, 12
DECIDES = (
    *(pattern.pattern for pattern in (_REST, _COMMENT, _NO_VALUES, _NOTHING, _REFERENCE, _SHOUTED, _MIXED)),
    *map(str, (_LEAST, _LEAST_BARE, _LONG)),
)
"""What is taken for a secret, for the digest of the rules."""


def plausible(value: str, *, strong: bool, bare: bool) -> bool:
    """Say whether this can be a secret: not a word for nothing, nor a name that something else is to be put in for."""
    value = value.strip()
    if len(value) < _LEAST or not any(letter.isalnum() for letter in value) or _NO_VALUES.fullmatch(value):
        return False
    if stands_for_another(value):
        return False
    if strong or not bare:
        return True
    return len(value) >= _LEAST_BARE and (len(value) >= _LONG or bool(_MIXED.fullmatch(value)))


def stands_for_another(value: str) -> bool:
    """Say whether a value is a mark for what was taken out, or a reference such as `${DB_PASSWORD}`."""
    if _NOTHING.fullmatch(value):
        return True
    lower_variable = value[0] == "$" and value[1:2].isalpha() and not _SHOUTED.fullmatch(value)
    return bool(_REFERENCE.fullmatch(value)) and not lower_variable


def rest_of_line(text: str, start: int) -> int:
    """Give where the line ends, without blanks, a comment or a comma at its end."""
    match = next(_REST.finditer(text, start))
    comment = next(_COMMENT.finditer(match[0]), None)
    line = match[0] if comment is None else match[0][: comment.start()]
    return start + len(line.rstrip())
