"""Standard Webhooks signatures, as GitLab sends them: HMAC-SHA256 over `id.timestamp.body`, in Base64, after `v1,`.

Does not look at the body's meaning and does not remember which ids were seen; `bot.deliveries` does.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far the sender's clock may be from ours, both ways (Standard Webhooks; attack 5)."""

_SECRET = re.compile(r"whsec_([A-Za-z0-9+/]+={0,2})")
_ID = re.compile(r"[\x21-\x7e]{1,200}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_MOST_SIGNATURES = 16


@dataclass(frozen=True, slots=True)
class Signed:
    """What is signed and what it is signed with. A header that was missing or doubled is None.

    `signatures` may hold several, separated by spaces (keys are rotated so); one that holds is enough.
    """

    delivery: str | None
    timestamp: str | None
    signatures: str | None
    body: bytes


def key_of(secret: str) -> bytes:
    """Decode a signing secret: `whsec_` and the Base64 of the key, as GitLab's API takes it.

    Raises:
        ValueError: not of that form. The text tells nothing of the secret.
    """
    found = _SECRET.fullmatch(secret)
    try:
        return base64.b64decode(found[1] if found else "?", validate=True)
    except ValueError:
        raise ValueError("the signing secret must be whsec_ followed by 32 bytes in Base64") from None


def sign(key: bytes, *, delivery: str, timestamp: str, body: bytes) -> str:
    """Give one signature, as it stands in the header."""
    signed = hmac.digest(key, f"{delivery}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed).decode()


def objection(signed: Signed, *, key: bytes, now: datetime) -> str | None:
    """Say what is wrong with a signed delivery; None where it is genuine and fresh."""
    if signed.delivery is None or not _ID.fullmatch(signed.delivery):
        return "the header webhook-id is missing, doubled or malformed"
    if signed.timestamp is None or not _TIMESTAMP.fullmatch(signed.timestamp):
        return "the header webhook-timestamp is missing, doubled or malformed"
    if abs(now.timestamp() - int(signed.timestamp)) > TOLERANCE.total_seconds():
        return "the delivery is not from the last five minutes; check both clocks"
    given = (signed.signatures or "").split(" ")
    if len(given) > _MOST_SIGNATURES:
        return "too many signatures"
    expected = sign(key, delivery=signed.delivery, timestamp=signed.timestamp, body=signed.body).encode()
    holds = False
    for signature in given:
        holds |= hmac.compare_digest(signature.encode(), expected)
    return None if holds else "the header webhook-signature is missing, doubled or wrong"
