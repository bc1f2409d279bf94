r"""Finds passwords that stand below their name: YAML's `password: |`, a word alone on the line after `password:`, netrc's words.

Looks one line down, or as far as a block of YAML is indented. What holds blanks or a colon there is a sentence or another entry.
"""

import re
from collections.abc import Iterator

from countersign.domain.tokens.assigned import plausible
from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import Rule
from countersign.domain.tokens.view import View, parts

_NAME = (
    r"(?:pass(?:word|wd|phrase|code)|(?<![a-z])pass|pwd|secret(?:[_-]?key)?"
    r"|(?:api|auth|access|refresh)[_-]?(?:token|key)|private[_-]?key)"
)
_HEAD = re.compile(
    rf"^(?P<indent>[+-]?[ \t]{{0,80}}+)(?:- )?[ \t]{{0,8}}[\"']?[\w.-]{{0,64}}?{_NAME}[\"']?[ \t]{{0,24}}:[ \t]{{0,24}}"
    r"(?P<block>[|>][0-9+-]{0,2})?[ \t]{0,80}+\r?\n",
    re.MULTILINE,
)
_LINE = re.compile(r"(?P<indent>[+-]?[ \t]*+)(?P<quote>[\"']?)(?P<value>[^\r\n]*+)")
_WORD = re.compile(r"[^\s\"']*[^\s\"':]")
_LONGEST = 4096
_NETRC = re.compile(
    r"(?P<machine>(?:machine\s{1,8}\S{1,128}+|\bdefault)\s{1,24})?\blogin\s{1,8}\S{1,128}+\s{1,24}(?:account\s{1,8}\S{1,128}+\s{1,24})?"
    r"password\s{1,8}(?P<value>[^\s\"']++)"
)


def _below(view: View) -> Iterator[tuple[int, int]]:
    done = 0
    for start, end in parts(view.low, "pass", "pwd", "secret", "token", "key"):
        for head in _HEAD.finditer(view.low, start, end):
            if head.start() < done:
                continue
            place = _block(view.text, head) if head["block"] else _next(view.text, head)
            if place is not None:
                done = place[1]
                yield place


def _block(text: str, head: re.Match[str]) -> tuple[int, int] | None:
    """Give the lines that are indented further than the name's: one value."""
    position, first, last = head.end(), None, head.end()
    stop = min(len(text), position + _LONGEST)
    while position < stop:
        line = next(_LINE.finditer(text, position, stop))
        value = text[line.end("indent") : line.end()]
        if value.strip():
            if len(line["indent"]) <= len(head["indent"]):
                break
            first = line.end("indent") if first is None else first
            last = line.end("indent") + len(value.rstrip())
        position = text.find("\n", line.end()) + 1 or stop
    return (first, last) if first is not None and plausible(text[first:last], strong=True, bare=True) else None


def _next(text: str, head: re.Match[str]) -> tuple[int, int] | None:
    """Give the word that is alone on the next line; one that is not indented further must look like more than a word."""
    line = next(_LINE.finditer(text, head.end()))
    start, end = line.span("value")
    end = start + len(text[start:end].rstrip())
    if line["quote"]:
        if end <= start or text[end - 1] != line["quote"]:
            return None
        end -= 1
    elif not _WORD.fullmatch(text, start, end):
        return None
    further = len(line["indent"]) > len(head["indent"])
    return (start, end) if plausible(text[start:end], strong=further, bare=not line["quote"]) else None


def _netrc(view: View) -> Iterator[tuple[int, int]]:
    for start, end in parts(view.low, "machine", "login"):
        for match in _NETRC.finditer(view.low, start, end):
            place = match.span("value")
            value = view.text[place[0] : place[1]]
            if plausible(value, strong=True, bare=True) and (match["machine"] or any(map(str.isdigit, value))):
                yield place


RULES = (
    Rule("values below", ValueClass.SECRET, _below, (_HEAD.pattern, _LINE.pattern, _WORD.pattern)),
    Rule("netrc", ValueClass.SECRET, _netrc, (_NETRC.pattern,)),
)
