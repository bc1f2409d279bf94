"""Finds passwords that programs take behind a single letter: `mysql -p…`, `sshpass -p …`, `docker login -p …`, `curl -u user:…`.

Only behind programs that are known for it: `-p` is a port for most.
"""

import re
from collections.abc import Iterator

from countersign.domain.tokens.assigned import plausible
from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import EDGE, Rule
from countersign.domain.tokens.view import View, parts

_ONE = r"(?:\"([^\"\n]++)|'([^'\n]++)|([^\s\"'|;&]++))"
_TABLE = (
    (re.compile(EDGE + r"(?:mysql\w*|mariadb[\w-]*|xtrabackup)\b"), re.compile(r"(?<=\s)-p" + _ONE)),
    (
        re.compile(
            EDGE
            + r"(?:sshpass|(?:docker|podman|buildah|skopeo|crane|helm|oc|az|mongo\w*)\b[^\n]{0,40}?\blogin|mongo(?:sh|dump)?)\b"
        ),
        re.compile(r"(?<=\s)-p[ \t]?" + _ONE),
    ),
    (re.compile(EDGE + r"(?:redis-cli|redis-benchmark)\b"), re.compile(r"(?<=\s)-a[ \t]?" + _ONE)),
    (re.compile(EDGE + r"(?:ldap(?:search|modify|add|delete|whoami))\b"), re.compile(r"(?<=\s)-w[ \t]?" + _ONE)),
    (
        re.compile(EDGE + r"(?:curl|wget|http|https|xh)\b"),
        re.compile(
            r"(?<=\s)(?:-u|--user|--proxy-user|-a)[ \t=]?"
            r"(?:\"[^\s:\"]{0,128}:([^\"\n]++)|'[^\s:']{0,128}:([^'\n]++)|[^\s:\"']{0,128}:([^\s\"'|;&]++))"
        ),
    ),
)
_CUES = (" -p", " -a", " -w", " -u", " --user", " --proxy-user")


def _flags(view: View) -> Iterator[tuple[int, int]]:
    for start, end in parts(view.low, *_CUES):
        position = start
        while position < end:
            stop = view.text.find("\n", position, end)
            stop = end if stop < 0 else stop
            yield from _line(view.text, position, stop)
            position = stop + 1


def _line(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for program, flag in _TABLE:
        named = next(program.finditer(text, start, end), None)
        if named is None:
            continue
        for match in flag.finditer(text, named.end(), end):
            group = match.lastindex or 0
            if plausible(match[group], strong=True, bare=True):
                yield match.span(group)


RULES = (Rule("flags", ValueClass.SECRET, _flags, tuple(part.pattern for pair in _TABLE for part in pair)),)
