"""Finds addresses of machines: IPv4 and IPv6.

Four numbers below 256 are an address, unless what stands before them says that they are a version: `v1.2.3.4`, `version 1.2.3.4`,
a requirement (`foo>=1.2.3.4`, `foo==1.2.3.4`, `"foo": "^1.2.3.4"`, `(>1.2.3.4)`), a browser (`Chrome/120.0.0.0`). In doubt they
are an address: after `>`, `->`, `=>` or a tag, at a line's start, and where what is compared is called as a machine's address is
(`ip >= …`, `src==…`). Loopback, unspecified and net masks say nothing about anybody and stay.
"""

import ipaddress
import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import Rule
from countersign.domain.tokens.view import View

_FOUR = re.compile(
    r"[0-9](?:(?<![0-9A-Za-z_.][0-9])|(?<=\\[nrt][0-9])|(?<=%[0-9A-Fa-f][0-9A-Fa-f][0-9]))"
    r"[0-9]{0,2}+(?:\.[0-9]{1,3}+){3}(?![0-9A-Za-z_]|\.[0-9A-Za-z])"
)
_MACHINES = (
    r"(?!(?:[a-z0-9]{1,20}+[_-]){0,4}(?:src|dst|source|dest|destination|host|server|remote|client|node|peer|gateway|pod|my|to|from)?"
    r"(?:ip|ipv4|addr|address|cidr|host|hostname|src|dst|source|dest|destination|server|remote|client|node|peer|gateway)(?![a-z0-9]))"
)
"""Names of what is compared with an address rather than required in a version."""
_VERSION = re.compile(
    r"(?:\bv|\bver(?:sion)?[\"']?[ :=\"']{0,4}|\brelease[ ]|-v"
    rf"|(?:(?<![^\s\"'])|(?<=\\[nrt])){_MACHINES}[a-z0-9][a-z0-9_-]{{0,40}}+(?:\[[a-z0-9,_-]{{1,20}}+\])?"
    r"(?:==|[ ]?(?:>=|<=|~=|~>)[ ]?)"
    r"|[:=,(\[][ ]?\\?[\"'](?:>=|<=|~=|~>|[~^])[ ]?|[(,][ ]?(?:>=|<=|~>|[~^>])[ ]?"
    r"|\b(?:chrom(?:e|ium)|headlesschrome|crios|edg(?:e|a|ios)?|opr|vivaldi|yabrowser|samsungbrowser|electron|brave)/)\Z",
    re.ASCII,
)
_ENDS = ("=", "~", "^", ">", "/", "v", ":", "ver", "version", "release")
_BEFORE = 72
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_RUN = re.compile(r"[0-9A-Fa-f:.]*+")
_RUN_LETTERS = frozenset("0123456789abcdefABCDEF:.")
_LONGEST = 48
_GROUPS = 3


def _ipv4(view: View) -> Iterator[tuple[int, int]]:
    for match in _FOUR.finditer(view.text):
        numbers = [int(part) for part in match[0].split(".")]
        if max(numbers) > 255 or numbers[0] in {0, 127, 255}:  # noqa: PLR2004 - as IPv4 has it
            continue
        before = view.low[max(0, match.start() - _BEFORE) : match.start()]
        if not (before.rstrip(" \"'").endswith(_ENDS) and any(_VERSION.finditer(before))):
            yield match.span()


def _ipv6(view: View) -> Iterator[tuple[int, int]]:
    """Look around every pair of colons; what is longer than any address is passed over at once."""
    text, done = view.text, 0
    for match in _COLONS.finditer(text):
        if match.start() < done:
            continue
        start = match.start()
        while start > done and text[start - 1] in _RUN_LETTERS and match.start() - start <= _LONGEST:
            start -= 1
        done = next(_RUN.finditer(text, start)).end()
        if done - start <= _LONGEST and (place := _trimmed(text, start, done)) is not None:
            yield place


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Take off what punctuation left at the edges, and see that the rest is an address of somebody."""
    if start and text[start - 1] == "%":  # an escape such as %3D took two of its letters for digits
        start += 2
    while end > start and (text[end - 1] == "." or (text[end - 1] == ":" and text[end - 2] != ":")):
        end -= 1
    while start < end and (text[start] == "." or (text[start] == ":" and text[start + 1 : start + 2] != ":")):
        start += 1
    value = text[start:end]
    if not value:
        return None
    before, after = text[max(0, start - 2) : start], text[end : end + 1]
    escaped = len(before) > 1 and before[0] == "\\" and before[1] in "nrt"
    if after.isalnum() or (before[-1:].isalnum() and not escaped and value[0] != ":"):
        return None
    try:
        address = ipaddress.IPv6Address(value)
    except ValueError:
        return None
    telling = any(letter.isdigit() for letter in value) or value.count(":") >= _GROUPS
    return None if address.is_loopback or address.is_unspecified or not telling else (start, end)


def _normal(value: str) -> str:
    """Write it as it is written shortest: numbers without zeros before them, IPv6 compressed in lower case."""
    if ":" in value:
        return ipaddress.IPv6Address(value).compressed
    return ".".join(str(int(part)) for part in value.split("."))


RULES = (
    Rule("ipv4", ValueClass.HOST, _ipv4, (_FOUR.pattern, _VERSION.pattern), _normal),
    Rule("ipv6", ValueClass.HOST, _ipv6, (_COLONS.pattern, _RUN.pattern), _normal),
)
