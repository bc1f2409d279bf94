"""Whom and what a record names, for its commit's trailers: `git log --grep` finds records by agent, environment and approver.

Told twice, by the body and by its bytes: the quick look does not take a body apart. Both must say the same of every record that
is in canonical form; a property test holds them to it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

MOST = 20
"""Approvers that are named; the record has them all."""

NONE, OTHER = "none", "?"
"""Nobody, and a name that no trailer could hold."""

_NAME = re.compile(r"[!#-\[\]-~]{1,100}")
_TEXT = rb': "((?:[^"\\]|\\.)*)"'
_AGENT = re.compile(rb'\n          "id"' + _TEXT)
_APPROVER = re.compile(rb'\n            "username"' + _TEXT)
_DECIDED = re.compile(rb'\n        "environment"' + _TEXT)
_ENVIRONMENT = re.compile(rb'\n      "environment"' + _TEXT)


class Named(NamedTuple):
    """What the trailers say."""

    agent: str
    environment: str
    approvers: tuple[str, ...]

    @classmethod
    def of(cls, agent: object, environment: object, approvers: Iterable[object]) -> "Named":
        """Keep what a trailer can hold. What is no text is not there."""
        told = dict.fromkeys(_shown(name) for name in approvers if isinstance(name, str))
        return cls(_shown(agent), _shown(environment), tuple(told)[:MOST] or (NONE,))

    @property
    def trailers(self) -> str:
        """Give the lines: each approver has one."""
        approvers = "".join(f"Countersign-Approver: {name}\n" for name in self.approvers)
        return f"Countersign-Agent: {self.agent}\nCountersign-Environment: {self.environment}\n{approvers}"


def named(body: Mapping[str, object]) -> Named:
    """Read a body."""
    actor, decision = _part(body.get("actor")), _part(body.get("decision"))
    approvers = actor.get("approvers")
    environment = decision.get("environment")
    return Named.of(
        _part(actor.get("agent")).get("id"),
        environment if isinstance(environment, str) else body.get("environment"),
        [_part(one).get("username") for one in approvers] if isinstance(approvers, list) else [],
    )


def named_in(raw: bytes, start: int, end: int) -> Named:
    """Read the same from a record's bytes, in canonical form and ASCII, of which the body's fields lie between these two places.

    A text holds no newline, so a line's indentation says how deep it lies.
    """
    actor = _inside(raw, b'\n      "actor": {', b"\n      }", start, end)
    agent = _inside(raw, b'\n        "agent": {', b"\n        }", *actor)
    approvers = _inside(raw, b'\n        "approvers": [', b"\n        ]", *actor)
    decision = _inside(raw, b'\n      "decision": {', b"\n      }", start, end)
    environment = _DECIDED.search(raw, *decision) or _ENVIRONMENT.search(raw, start, end)
    return Named.of(
        _decoded(_AGENT.search(raw, *agent)),
        _decoded(environment),
        [found[1].decode() for found in _APPROVER.finditer(raw, *approvers)],
    )


def _inside(raw: bytes, opening: bytes, closing: bytes, start: int, end: int) -> tuple[int, int]:
    """Give where the inner lines of an object or a list begin and end; two equal places where there are none."""
    at = raw.find(opening + b"\n", start, end)
    if at < 0:
        return end, end
    return at + len(opening), raw.find(closing, at, end)


def _decoded(found: re.Match[bytes] | None) -> str | None:
    return None if found is None else found[1].decode()


def _shown(name: object) -> str:
    if not isinstance(name, str):
        return NONE
    return name if _NAME.fullmatch(name) else OTHER


def _part(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
