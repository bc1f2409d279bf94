"""One line of the log: what is written about a proposal, as a strict document.

An in-toto Statement v1 with a predicate of ours. Writing is strict; reading a record of a later version ignores fields
that it does not know. Does not sign, does not chain (`chain.py`), does not touch git (`countersign.adapters.ledger`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from countersign.domain.ids import ChangeRef, Digest, RunId, Sha

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://countersign.dev/audit/v1"
AUDIT_BRANCH = "countersign/audit"
MAX_RECORD = 65536
"""Bytes; larger evidence goes in by digest only."""
LISTED = 200
"""Paths of its change that the record of a decision lists beside the inputs, which name all: the first of them."""


class RecordKind(StrEnum):
    """What a record tells. Exactly one of executed, failed, lost follows an intent."""

    ASSESSED = "assessed"
    REFUSED = "refused"
    ALLOWED = "allowed"
    INTENT = "intent"
    EXECUTED = "executed"
    FAILED = "failed"
    LOST = "lost"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    EMERGENCY = "emergency"
    PROMOTED = "promoted"
    DEMOTED = "demoted"
    ANNOTATION = "annotation"
    KEY_ROTATION = "key_rotation"
    SHRED = "shred"
    HEARTBEAT = "heartbeat"


OUTCOMES = frozenset({RecordKind.EXECUTED, RecordKind.FAILED, RecordKind.LOST})

DECIDING = frozenset({RecordKind.ASSESSED, RecordKind.REFUSED, RecordKind.ALLOWED, RecordKind.INTENT})
"""What holds the policy's own word. Others repeat it: the ends of questions, and an emergency, which its intent follows."""

GIVEN_UP = frozenset({RecordKind.EXPIRED, RecordKind.SUPERSEDED})
"""What ends a question that no run took up."""

ABOUT_A_CHANGE = GIVEN_UP | {RecordKind.ASSESSED, RecordKind.ALLOWED, RecordKind.EMERGENCY}


@dataclass(frozen=True, slots=True)
class Draft:
    """A record before it has a place in the chain.

    `key` is unique in the whole log: `assessed/<binding>`, `allowed/<digest>`, `refused/<digest>`, `intent/<run>`, `outcome/<run>`,
    `heartbeat/<hour>` and so on. It is what makes "at most once" true with many writers. `subject` names artifacts by digest
    (`head`: the git commit, `plan`: SHA-256 hex). `summary` is the sentence that becomes the commit's subject. `body` is the
    predicate's own part: plain data, no floats.
    """

    kind: RecordKind
    key: str
    summary: str
    change: ChangeRef | None
    run: RunId | None
    time: datetime
    body: Mapping[str, object]
    subject: tuple[tuple[str, Mapping[str, str]], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place: read from the branch, its commit's signature and links verified by whoever made this value."""

    seq: int
    kind: RecordKind
    key: str
    change: ChangeRef | None
    run: RunId | None
    time: datetime
    body: Mapping[str, object]
    raw: bytes
    digest: Digest
    commit: Sha
    path: str
    root: Digest
    """The Merkle root over all records up to this one."""
