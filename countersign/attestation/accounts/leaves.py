"""Where a record says what an account tells of it: one table, for whoever reads a document (here) and for `raw.py`.

A table, so that the quick reading of bytes and the patient one of documents cannot look in different places.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from countersign.attestation.accounts.plain import at, number, parts, text, texts
from countersign.domain.tokens.kinds import ValueClass

Said = Mapping[str, Any]
"""What was found, by the names of `LEAVES`; every name is there. Lists are lists or tuples."""


class Kind(Enum):
    """What is wanted at a place, and what is given where nothing of it is there."""

    TEXT = "a text, or None"
    NUMBER = "an integer, or None"
    TRUTH = "whether it is `true`"
    TEXTS = "a list of texts, perhaps empty"
    OBJECTS = "a list of objects, each read by its own leaves"


class Leaf(NamedTuple):
    """A place: a kind, and the path to it."""

    kind: Kind
    path: tuple[str, ...]
    inner: Mapping[str, "Leaf"] = {}


def _leaf(kind: Kind, *path: str, **inner: Leaf) -> Leaf:
    return Leaf(kind, path, inner)


def _text(*path: str) -> Leaf:
    return Leaf(Kind.TEXT, path)


VALUE_CLASSES = tuple(sorted(kind.value for kind in ValueClass))

LEAVES: Mapping[str, Leaf] = {
    "seq": _leaf(Kind.NUMBER, "seq"),
    "id": _text("id"),
    "kind": _text("kind"),
    "key": _text("key"),
    "time": _text("time"),
    "recorded": _text("recorded_time"),
    "summary": _text("summary"),
    "run": _text("run_id"),
    "about_run": _text("body", "run"),
    "repository": _text("change", "repository"),
    "iid": _leaf(Kind.NUMBER, "change", "iid"),
    "head": _text("body", "change", "head"),
    "paths": _leaf(Kind.TEXTS, "body", "change", "paths"),
    "paths_total": _leaf(Kind.NUMBER, "body", "change", "paths_total"),
    "files": _leaf(Kind.OBJECTS, "body", "inputs", "document", "proposal", "facts", "files", path=_text("path")),
    "agent": _text("body", "actor", "agent", "id"),
    "model": _text("body", "actor", "agent", "model"),
    "skill": _text("body", "claims", "skill"),
    "sponsor": _text("body", "actor", "sponsor", "username"),
    "author": _text("body", "actor", "author", "username"),
    "approvers": _leaf(Kind.OBJECTS, "body", "actor", "approvers", username=_text("username")),
    "environment": _text("body", "decision", "environment"),
    "tier": _text("body", "decision", "tier"),
    "effect": _text("body", "decision", "effect"),
    "services": _leaf(Kind.TEXTS, "body", "decision", "services"),
    "action": _text("body", "decision", "plan", "action"),
    "argv": _leaf(Kind.TEXTS, "body", "decision", "plan", "argv"),
    "reasons": _leaf(
        Kind.OBJECTS, "body", "decision", "reasons", decides=_leaf(Kind.TRUTH, "decides"), rule=_text("rule"), text=_text("text")
    ),
    **{
        f"promoted_{word}": _text("body", "promotion", "combination", word)
        for word in ("action", "agent", "environment", "service", "skill")
    },
    "policy": _text("body", "policy", "digest"),
    "stage": _text("body", "stage"),
    "why": _text("body", "why"),
    "fault": _text("body", "fault"),
    "leases": _leaf(Kind.OBJECTS, "body", "leases", handle=_text("handle")),
    "grants": _leaf(Kind.OBJECTS, "body", "grants", handle=_text("handle"), public_id=_text("public_id"), proof=_text("proof")),
    "tainted": _leaf(Kind.TRUTH, "body", "result", "tainted"),
    "connections": _leaf(Kind.OBJECTS, "body", "result", "connections", name=_text("name")),
    "stderr": _text("body", "result", "stderr", "tail"),
    "stdout": _text("body", "result", "stdout", "tail"),
    "rationale": _text("body", "rationale", "text"),
    "emergency": _text("body", "claims", "emergency"),
    "rollback": _text("body", "claims", "rollback"),
    "epoch": _leaf(Kind.NUMBER, "body", "tokens", "epoch"),
    **{f"tokens_{kind}": _leaf(Kind.NUMBER, "body", "tokens", "counts", kind) for kind in VALUE_CLASSES},
}
"""Paths begin at the predicate."""


def leaves(document: object, wanted: Mapping[str, Leaf] = LEAVES) -> Said:
    """Read them from a document of which nothing is promised."""
    return {name: _read(document, leaf) for name, leaf in wanted.items()}


def _read(document: object, leaf: Leaf) -> object:
    match leaf.kind:
        case Kind.TEXT:
            return text(document, *leaf.path)
        case Kind.NUMBER:
            return number(document, *leaf.path)
        case Kind.TRUTH:
            return at(document, *leaf.path) is True
        case Kind.TEXTS:
            return texts(document, *leaf.path)
        case Kind.OBJECTS:
            return [leaves(item, leaf.inner) for item in parts(document, *leaf.path)]
