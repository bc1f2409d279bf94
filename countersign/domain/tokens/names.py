"""Finds names of machines that only insiders know: private suffixes, names made of addresses, endpoints of one's own at AWS.

A public domain is no host, a file is none (`values.local.yaml`, `/etc/my.local`, `.env.local`), and neither is what code says of
itself (`self.private`, `module.internal`).
"""

import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import Rule
from countersign.domain.tokens.view import View, parts

_PRIVATE = (
    ".internal",
    ".local",
    ".localdomain",
    ".lan",
    ".corp",
    ".intranet",
    ".private",
    ".home.arpa",
    ".svc",
    ".consul",
)
_CODE = frozenset(
    ("self", "this", "cls", "super", "module", "package", "crate", "import", "export", "options", "config", "settings")
)
_CUES = (*_PRIVATE, "ip-", "ec2-", ".amazonaws.com", ".database.windows.net")
_RUN = re.compile(r"[a-z0-9](?:(?<![0-9a-z_.-][a-z0-9])|(?<=\\[nrt][a-z0-9])|(?<=%[0-9a-f][0-9a-f][a-z0-9]))[a-z0-9._-]*+")
_BY_ADDRESS = re.compile(r"(?:ip|ec2)(?:-[0-9]{1,3}){4}(?:\.[a-z0-9.-]+)?")
_CLOUD = re.compile(
    r"[a-z0-9._-]+\.(?:(?:rds|cache|elb|compute|redshift|es|docdb|neptune|efs|kafka|emr|eks|vpce|execute-api|dkr\.ecr)"
    r"(?:\.[a-z0-9-]+)?|[a-z0-9-]+\.(?:elb|eks|es|vpce))\.amazonaws\.com(?:\.cn)?"
    r"|[a-z0-9.-]+\.database\.windows\.net"
)


def _internal(view: View) -> Iterator[tuple[int, int]]:
    for start, end in parts(view.low, *_CUES):
        for match in _RUN.finditer(view.low, start, end):
            name = match[0].rstrip(".-_")
            last = match.start() + len(name)
            if _is_host(name) and not _is_file(view.text, match.start(), last):
                yield match.start(), last


def _is_host(name: str) -> bool:
    private = name.endswith(_PRIVATE) and name.partition(".")[0] not in _CODE
    return private or bool(_BY_ADDRESS.fullmatch(name)) or bool(_CLOUD.fullmatch(name))


def _is_file(text: str, start: int, end: int) -> bool:
    """A name behind a single slash is a file's; one that is called is a program's."""
    before = text[max(0, start - 2) : start]
    return text[end : end + 1] == "(" or (before.endswith("/") and before != "//")


def _normal(value: str) -> str:
    return value.lower()


RULES = (
    Rule(
        "internal names",
        ValueClass.HOST,
        _internal,
        (*_CUES, *sorted(_CODE), _RUN.pattern, _BY_ADDRESS.pattern, _CLOUD.pattern),
        _normal,
    ),
)
