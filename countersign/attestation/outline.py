"""What those who count and watch need of a checked record, without its bytes."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from countersign.attestation import questions, rotation
from countersign.attestation.chain import Link
from countersign.attestation.record import RecordKind
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import ChangeRef, RunId


class Outline(NamedTuple):
    """One record in its place."""

    seq: int
    kind: RecordKind
    key: str
    change: ChangeRef | None
    run: RunId | None
    binding: str | None
    """Which question it names (`questions.named`)."""
    recorded: datetime
    signer: PublicKey
    announces: PublicKey | None
    """The key that a rotation brings in."""


def outline(link: Link) -> Outline | None:
    """Give the outline of a checked commit; None where nobody looked at signatures."""
    entry = link.entry
    if link.key is None:
        return None
    new = announced(entry.kind, entry.body, entry.key, link.key)
    binding = questions.named(entry.kind, entry.body)
    return Outline(entry.seq, entry.kind, entry.key, entry.change, entry.run, binding, link.point.recorded, link.key, new)


def announced(kind: RecordKind, body: Mapping[str, object], key: str, signer: PublicKey) -> PublicKey | None:
    """Give the key that a record brings in, if it is one that does.

    Raises:
        MalformedError: it is one, and not as it should be.
    """
    return rotation.announced(body, key=key, signed_by=signer) if kind is RecordKind.KEY_ROTATION else None
