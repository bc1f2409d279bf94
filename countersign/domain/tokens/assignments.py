"""Finds secrets by what they are called: `password=`, `"token": "…"`, `--api-key …`, a connection string's parts, SQL, XML, `-p…`.

What follows a name such as password is taken to be one, were it a word; what follows `token` or `key` must look like more than
a word where it is not quoted.
"""

import re
from collections.abc import Iterator

from countersign.domain.tokens.assigned import CLOSED, GROUPS, VALUE, plausible, rest_of_line, stands_for_another
from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import Rule
from countersign.domain.tokens.view import View, parts

_STRONG = r"pass(?:word|wd|phrase|code)|pwd|secret(?:[_-]?(?:access[_-]?)?key)?(?:[_-]?base)?"
_WEAK = (
    r"token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key"
    r"|shared[_-]?key|deploy[_-]?key|license[_-]?key|credentials?|_auth|psk|pass(?:word|phrase|code)s|secret[_-]?id"
)
_OWNERS = ("db", "user", "admin", "root", "mysql", "pg", "smtp", "mail", "redis", "ftp", "ldap", "proxy")
_VERBS = ("to", "must", "can", "will", "should", "by", "first", "second", "one", "two", "multi", "single", "last", "low", "high")
_SHORT = (
    r"(?=p(?:ass|w))(?:(?<![a-z0-9])|(?<=\\[nrt])|(?<=%[0-9a-f][0-9a-f])"
    + "".join(rf"|(?<={owner})" for owner in _OWNERS)
    + ")"
    + "".join(f"(?<!{verb}[_ -])" for verb in _VERBS)
    + "(?P<short>p(?:ass|w))"
)
"""Also ends of other words (`bypass`), and verbs (`to_pass`): these must begin a word, or follow one of some."""
_OWNED = re.compile(rf"(?:{'|'.join(_OWNERS)})[_-]?\Z")
_NAME = rf"(?:(?P<strong>{_STRONG})|{_WEAK}|{_SHORT})(?:[_-]?(?:value|b64|base64|[0-9]{{1,3}}))?"
_SEP = r"[ \t]{0,40}(?::=|=>|={1,2}|::?|%(?:25)?3[da])[ \t]{0,40}(?:!!binary[ \t])?"
_PAIR = r"[ \t]{0,4},[ \t]{0,4}\\{0,3}[\"']value\\{0,3}[\"'][ \t]{0,4}:[ \t]{0,4}"
_ASSIGNED = re.compile(rf"{_NAME}{CLOSED}?\]?(?:{_SEP}|{_PAIR}|(?P<xml>>)|(?P<blank>[ \t]{{1,40}}(?:to[ \t]|by[ \t])?)){VALUE}")
_BY = re.compile(rf"identified[ \t]{{1,4}}by[ \t]{{1,4}}{VALUE}")
_CUES = ("pass", "pw", "secret", "token", "key", "credential", "_auth", "psk")
_NAMED = re.compile(
    rf"(?:name|key)\\?[\"']?[ \t]{{0,4}}[:=][ \t]{{0,4}}\\?[\"']?[\w.-]{{0,64}}?{_NAME}\\?[\"']?[ \t]{{0,4}},?\s{{0,40}}\\?[\"']?"
)
_VALUE = re.compile(rf"value\\?[\"']?[ \t]{{0,4}}[:=][ \t]{{0,4}}{VALUE}")
_LOOK_BACK = 160
_LINE_START = re.compile(r"[\s+\->|]{0,80}[\"']?[\w.-]{0,64}")
_CONNECTION = re.compile(r"(?:server|data source|host|user id|uid|user|database|initial catalog|accountname|driver)[ ]?=")
_TO_SEMICOLON = re.compile(r"[^;\"'\r\n]{1,200}+")


def _assigned(view: View) -> Iterator[tuple[int, int]]:
    for start, end in parts(view.low, *_CUES):
        for match in _ASSIGNED.finditer(view.low, start, end):
            yield from _value(view, match)
    for start, end in parts(view.low, "identified"):
        for match in _BY.finditer(view.low, start, end):
            yield from _group(view, match, strong=True)


def _value(view: View, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    before = view.low[max(0, match.start() - _LOOK_BACK) : match.start()]
    strong = match["strong"] is not None or (match["short"] is not None and any(_OWNED.finditer(before[-8:])))
    bare = match["b"] is not None
    if match["blank"] is not None and not _flag(before) and (bare or not (match["strong"] or "").startswith("pass")):
        return
    if match["strong"] == "pwd" and bare and match["b"].startswith(("/", "~", ".")):
        return  # the shell's working directory
    if strong and bare and match["blank"] is None:
        longer = _longer(view, match, before)
        if longer is not None and plausible(view.text[match.start("b") : longer], strong=True, bare=True):
            yield match.start("b"), longer
            return
    yield from _group(view, match, strong=strong or match["blank"] is not None)


def _longer(view: View, match: re.Match[str], before: str) -> int | None:
    """Give where a bare value with blanks ends: at the end of a line of YAML, at the semicolon of a connection string."""
    line = before.rpartition("\n")[2]
    whole_line = "\n" in before or len(before) < _LOOK_BACK
    between = match[0][: match.start("b") - match.start()]
    if any(quote in between for quote in "\"'`") or stands_for_another(match["b"]):
        return None
    if whole_line and _LINE_START.fullmatch(line) and between.rstrip() != between and between.rstrip().endswith(":"):
        return rest_of_line(view.text, match.start("b"))
    if between.endswith("=") and (before.rstrip(" ").endswith(";") or any(_CONNECTION.finditer(line))):
        found = next(_TO_SEMICOLON.finditer(view.text, match.start("b")))
        follows = view.text[found.end() : found.end() + 1]
        return found.end() if follows in {";", '"', "'"} else None
    return None


def _flag(before: str) -> bool:
    """Say whether the name is the end of an option such as `--db-password`."""
    words = before.replace("\n", " ").replace("\t", " ").rpartition(" ")[2].lstrip("\"'")
    return words.startswith("-")


def _group(view: View, match: re.Match[str], *, strong: bool) -> Iterator[tuple[int, int]]:
    group = next(name for name in GROUPS if match[name] is not None)
    start, end = match.span(group)
    value = view.text[start:end]
    if group == "b":
        end = start + len(value.rstrip(")]}.:"))
    if plausible(view.text[start:end], strong=strong, bare=group == "b"):
        yield start, end


def _pairs(view: View) -> Iterator[tuple[int, int]]:
    """An entry of a list: `name: DB_PASSWORD`, and on the next line `value: …`; or of XML: `key="password" value="…"`."""
    if not any(cue in view.low for cue in _CUES):
        return
    for start, end in parts(view.low, "value"):
        for match in _VALUE.finditer(view.low, start, end):
            before = view.low[max(0, match.start() - _LOOK_BACK) : match.start()]
            if any(_NAMED.fullmatch(before, at) for cue in ("name", "key=") if (at := before.rfind(cue)) >= 0):
                yield from _group(view, match, strong=True)


RULES = (
    Rule(
        "assignments",
        ValueClass.SECRET,
        _assigned,
        (_ASSIGNED.pattern, _BY.pattern, _OWNED.pattern, _LINE_START.pattern, _CONNECTION.pattern, _TO_SEMICOLON.pattern),
    ),
    Rule("named values", ValueClass.SECRET, _pairs, (_NAMED.pattern, _VALUE.pattern)),
)
