"""Finds keys that vendors give a shape of their own: clouds, forges, models, registries, payments, chats; and JSON web tokens.

Looks for the letters that they begin with, then for what follows. A vendor that is not in the list is found only where something
says that a secret follows (`assignments.py`). A placeholder within a key does not shield its halves, unless its length is fixed.
"""

import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import EDGE, Rule
from countersign.domain.tokens.view import HOLE, View

_ANY = "A"
"""A character that any key may hold."""
_WORD, _HEX, _UP = "[A-Za-z0-9_-]", "[A-Fa-f0-9]", "[A-Z0-9]"
_KINDS: tuple[tuple[str, str, int], ...] = (
    # letters it begins with, what follows, how much of that at least
    *((f"gh{kind}_", "[A-Za-z0-9]", 30) for kind in "pousr"),
    ("github_pat_", "[A-Za-z0-9_]", 22),
    *(
        (f"{kind}-", "[A-Za-z0-9_.-]", 20)
        for kind in ("glpat", "gldt", "glrt", "glcbt", "glptt", "glft", "glsoat", "glagent", "gloas")
    ),
    *((f"xox{kind}-", "[A-Za-z0-9-]", 10) for kind in "abeoprs"),
    ("xapp-", "[A-Za-z0-9-]", 20),
    ("hooks.slack.com/services/", "[A-Za-z0-9/_-]", 20),
    ("discord.com/api/webhooks/", "[A-Za-z0-9/_-]", 40),
    ("AIza", _WORD, 35),
    ("ya29.", "[A-Za-z0-9._-]", 20),
    ("GOCSPX-", _WORD, 20),
    ("sk-", _WORD, 24),
    *(
        (f"{kind}_{mode}_", "[A-Za-z0-9]", 16)
        for kind in ("sk", "rk", "whsec", "pk")
        for mode in ("live", "test")
        if kind != "whsec"
    ),
    ("whsec_", "[A-Za-z0-9+/=]", 24),
    ("hf_", "[A-Za-z0-9]", 30),
    ("gsk_", "[A-Za-z0-9]", 32),
    ("xai-", "[A-Za-z0-9]", 40),
    ("pplx-", "[A-Za-z0-9]", 32),
    ("r8_", "[A-Za-z0-9]", 32),
    ("npm_", "[A-Za-z0-9]", 30),
    ("pypi-", _WORD, 50),
    ("rubygems_", _HEX, 40),
    ("dckr_pat_", _WORD, 20),
    ("dckr_oat_", _WORD, 20),
    ("dapi", _HEX, 32),
    *((f"do{kind}_v1_", _HEX, 40) for kind in "opr"),
    *((f"hv{kind}.", _WORD, 20) for kind in "sbr"),
    ("glsa_", "[A-Za-z0-9_]", 32),
    ("glc_", "[A-Za-z0-9+/=]", 32),
    ("SG.", "[A-Za-z0-9._-]", 40),
    ("AGE-SECRET-KEY-1", _UP, 50),
    ("HRKU-", _WORD, 30),
    ("lin_api_", "[A-Za-z0-9]", 30),
    ("ntn_", "[A-Za-z0-9]", 40),
    *((f"shp{kind}_", _HEX, 32) for kind in ("at", "ca", "pa", "ss")),
    ("NRAK-", _UP, 20),
    ("sntrys_", "[A-Za-z0-9_+/=-]", 40),
    ("sntryu_", _HEX, 40),
    *((f"pscale_{kind}_", "[A-Za-z0-9._-]", 30) for kind in ("tkn", "pw", "oauth")),
    ("PMAK-", "[A-Fa-f0-9-]", 50),
    ("dp.pt.", "[A-Za-z0-9]", 40),
    ("ATATT3", "[A-Za-z0-9_=-]", 50),
    ("tskey-", "[A-Za-z0-9-]", 20),
    ("ops_eyJ", "[A-Za-z0-9+/=_-]", 40),
    ("pul-", _HEX, 40),
    ("sbp_", _HEX, 40),
    ("sb_secret_", _WORD, 20),
    ("lsv2_", "[A-Za-z0-9_]", 32),
    ("key-", _HEX, 32),
)
_SHORT = frozenset({"sk-", "key-", "hf_", "r8_", "SG.", "dapi", "pul-", "npm_", "glc_", "ntn_"})
"""Letters that also end or begin words: these must begin one."""
_TABLE = tuple(
    (letters, re.compile((EDGE if letters in _SHORT else "") + re.escape(letters) + f"{follows}{{{least},}}+"))
    for letters, follows, least in _KINDS
)
_AWS = re.compile(r"(?:(?<![0-9A-Za-z_])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![0-9A-Za-z])")
_JWT = re.compile(
    r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))eyJ[A-Za-z0-9_-]{8,}+"
    r"(?:\.eyJ[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]*+){0,3}|(?:\.[A-Za-z0-9_-]*+){4})"
)
_ATLAS = re.compile(r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{20,}+")
_TELEGRAM = re.compile(r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])")


def _keys(view: View) -> Iterator[tuple[int, int]]:
    text = view.text
    for letters, pattern in _TABLE:
        if letters in text:
            for match in pattern.finditer(text):
                yield match.span()
    if HOLE in text:
        yield from _around_holes(text, text.replace(HOLE, _ANY))
    for cues, pattern in (
        (("AKIA", "ASIA", "ABIA", "ACCA"), _AWS),
        (("eyJ",), _JWT),
        ((".atlasv1.",), _ATLAS),
        ((":AA",), _TELEGRAM),
    ):
        if any(cue in text for cue in cues):
            for match in pattern.finditer(text):
                yield match.span()


def _around_holes(text: str, filled: str) -> Iterator[tuple[int, int]]:
    """Find keys of which a placeholder took a piece: what is left of them says more than where they begin."""
    for letters, pattern in _TABLE:
        if letters in text:
            for match in pattern.finditer(filled):
                start, end = match.start() + len(letters), match.end()
                if HOLE in text[start:end] and text[start:end].strip(HOLE):
                    yield match.start(), end


RULES = (
    Rule(
        "vendors' keys",
        ValueClass.SECRET,
        _keys,
        (*(pattern.pattern for _, pattern in _TABLE), _AWS.pattern, _JWT.pattern, _ATLAS.pattern, _TELEGRAM.pattern),
    ),
)
