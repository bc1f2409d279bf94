"""Finds accounts at AWS: twelve digits where something says that they are one. Twelve digits alone may be anything, and stay."""

import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import Rule
from countersign.domain.tokens.view import View, parts

_ARN = re.compile(r"arn:aws[a-z-]{0,12}:[a-z0-9-]{0,32}:[a-z0-9-]{0,32}:([0-9]{12})(?![0-9])")
_ECR = re.compile(r"([0-9]{12})(?<![0-9a-z].{12})\.dkr\.ecr\.[a-z0-9-]{1,32}\.amazonaws\.com(?:\.cn)?")
_NEAR = re.compile(r"(?:amazonaws\.com(?:\.cn)?/|//|::)([0-9]{12})(?=[/.:\"'\s]|\Z)")
_MARKED = re.compile(
    r"(?:account|acct|owner)(?:[ _-]?(?:id|number|nr|no|alias))?s?(?:\\?[\"'])?\]?[ \t]{0,24}[:=#]?>?[ \t]{0,24}\[?(?:\\?[\"'])?"
    r"([0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4})(?![0-9])"
)
_RULES = (("arn", _ARN, ("arn:aws",)), ("near", _NEAR, ("amazonaws.com",)), ("marked", _MARKED, ("account", "acct", "owner")))


def _accounts(view: View) -> Iterator[tuple[int, int]]:
    for _, pattern, cues in _RULES:
        for start, end in parts(view.low, *cues):
            for match in pattern.finditer(view.low, start, end):
                yield match.span(1)


def _registries(view: View) -> Iterator[tuple[int, int]]:
    """The whole name of a registry: the account is its first part, and the rest tells which region it is in."""
    for start, end in parts(view.low, ".dkr.ecr."):
        for match in _ECR.finditer(view.low, start, end):
            yield match.span()


def _normal(value: str) -> str:
    return value.replace("-", "") if len(value) < len("0000-0000-0000") + 1 else value.lower()


RULES = (
    Rule("accounts", ValueClass.ACCOUNT, _accounts, tuple(pattern.pattern for _, pattern, _ in _RULES), _normal),
    Rule("registries", ValueClass.ACCOUNT, _registries, (_ECR.pattern,), _normal),
)
