"""How much a record may hold. Measures a body in the form in which it will stand in its record; leaves nothing out itself."""

from collections.abc import Mapping

from countersign.attestation import readable
from countersign.attestation.record import MAX_RECORD

_ENVELOPE = 4096
"""Bytes kept free for what stands around the body: place, subject, summary."""


def room(body: Mapping[str, object]) -> int:
    """Give how many bytes a record with this body has left, whatever its place in the log; fewer than none where it is too large.

    Raises:
        MalformedError: it holds what no record may hold.
    """
    return MAX_RECORD - _ENVELOPE - len(readable.dump({"predicate": {"body": body}}))


def fits(body: Mapping[str, object]) -> bool:
    """Say whether a record has room for the body.

    Raises:
        MalformedError: as `room` says.
    """
    return room(body) >= 0
