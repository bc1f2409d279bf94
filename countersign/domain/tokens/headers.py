"""Finds what authenticates in HTTP: headers such as `Authorization`, cookies, `Bearer …`; passwords and signatures within URLs.

A sentence behind the name of a header (`cookie: rejected by the server`) is no value. What the header's line holds is one value.
"""

import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import EDGE, Rule
from countersign.domain.tokens.view import View, parts

_NAMES = (
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-access-token",
    "private-token",
    "job-token",
    "deploy-token",
    "x-vault-token",
    "x-amz-security-token",
    "x-gitlab-token",
    "x-goog-api-key",
    "x-functions-key",
    "ocp-apim-subscription-key",
)
_HEADER = re.compile(
    EDGE
    + r"(?:"
    + "|".join(_NAMES)
    + r")(?:\\{0,3}[\"'])?[ \t]{0,40}(?::|=>?|,)[ \t]{0,40}\[?(?:\\{0,3}([\"']))?"
    + r"(?:(?:bearer|basic|token|digest|negotiate|aws4-hmac-sha256|apikey)[ \t]++)?([^\r\n\"']++)"
)
_BEARER = re.compile(EDGE + r"bearer[ \t]++([a-z0-9._~+/-]{8,}+=*+)")
_SCHEME = re.compile(
    EDGE + r"authorization[\"']?[ \t]{1,24}(?:header[ \t]{1,8})?(?:basic|token|digest|apikey)[ \t]++([^\s\"'<>,;]{6,}+)"
)
_SIGNED = re.compile(
    r"(?:(?:[?&;]|%26|%3f|\\u0026)(?:sig|signature)|x-(?:amz|goog|oss)-(?:signature|credential|security-token))(?:=|%3d|\\u003d)"
    r"([^&\s\"'<>\\]{8,}+)"
)
_WORD = r"(?>(?:[^\s0-9=A-Z]|(?<![A-Za-z])[A-Z]){1,20})"
_SENTENCE = re.compile(rf"(?>(?:{_WORD}[ \t]+)+){_WORD}")
_WITH_DIGIT = re.compile(r"[^0-9]*+[0-9]")
_MIXED = re.compile(r"[^0-9+/=A-Z]*+(?:[0-9+/=]|(?<=[a-z])[A-Z]|[A-Z](?=[a-z]*[A-Z]))")
_LONG = 24
_USERINFO = re.compile(r"://[^\s/?#@:\"'<>]{0,256}+:(?![0-9]{1,5}(?:[/?#]|\Z))([^\s/?#\"'<>]{1,512})@(?!sha(?:256|512):)")
_SLASHES = re.compile(r"://[^\s/?#@:\"'<>]{0,64}+:(?![0-9]{1,5}(?:[/?#]|\Z))([^\s\"'<>,@]{1,128}+)@(?!sha(?:256|512):)")
_NAMELESS = re.compile(r"://([A-Za-z0-9._~-]{16,256}+)@")
_LETTER_AND_DIGIT = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z]).*")


def _headers(view: View) -> Iterator[tuple[int, int]]:
    for start, end in parts(view.low, "authorization", "cookie", "-key", "-token"):
        for match in _HEADER.finditer(view.low, start, end):
            first, last = match.start(2), match.start(2) + len(match[2].rstrip(" \t\\,;]})"))
            if not _SENTENCE.fullmatch(view.text, first, last):
                yield first, last
    for start, end in parts(view.low, "authorization"):
        for match in _SCHEME.finditer(view.low, start, end):
            if _MIXED.match(view.text, *match.span(1)):
                yield match.span(1)
    for start, end in parts(view.low, "bearer"):
        for match in _BEARER.finditer(view.low, start, end):
            if _WITH_DIGIT.match(match[1]) or len(match[1]) >= _LONG:
                yield match.span(1)


def _userinfo(view: View) -> Iterator[tuple[int, int]]:
    """Passwords may hold @ where they are not escaped; those that hold a slash are no longer than 128 characters."""
    for start, end in parts(view.text, "://"):
        for pattern in (_USERINFO, _SLASHES):
            for match in pattern.finditer(view.text, start, end):
                yield match.span(1)
        for match in _NAMELESS.finditer(view.text, start, end):
            if _LETTER_AND_DIGIT.fullmatch(match[1]):
                yield match.span(1)


def _signatures(view: View) -> Iterator[tuple[int, int]]:
    for start, end in parts(view.low, "sig", "x-amz-", "x-goog-", "x-oss-"):
        for match in _SIGNED.finditer(view.low, start, end):
            yield match.span(1)


RULES = (
    Rule(
        "headers",
        ValueClass.SECRET,
        _headers,
        (_HEADER.pattern, _SENTENCE.pattern, _SCHEME.pattern, _MIXED.pattern, _BEARER.pattern, _WITH_DIGIT.pattern),
    ),
    Rule("signatures in URLs", ValueClass.SECRET, _signatures, (_SIGNED.pattern,)),
    Rule(
        "passwords in URLs",
        ValueClass.SECRET,
        _userinfo,
        (_USERINFO.pattern, _SLASHES.pattern, _NAMELESS.pattern, _LETTER_AND_DIGIT.pattern),
    ),
)
