"""Where a record goes, and the name that follows from it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from countersign.domain.ids import Digest

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(one + other for one in _CROCKFORD for other in _CROCKFORD)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record goes: which log, which number, after which record, and when it was put there (UTC)."""

    origin: str
    seq: int
    prev: Digest | None
    recorded: datetime


@lru_cache(maxsize=4)  # a writer computes it, and checks what it wrote
def record_id(place: Place, key: str) -> str:
    """Give the ULID of a record: its time in milliseconds and, where others put chance, a digest of its place and key."""
    number = record_number(place, key)
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])  # 26 characters of five bits


def record_number(place: Place, key: str) -> int:
    """Give the ULID of a record as a number."""
    said = f"countersign/record-id/v1\n{place.origin}\n{place.seq}\n{place.prev or ''}\n{key}\n"
    return milliseconds(place.recorded) << 80 | int.from_bytes(hashlib.sha256(said.encode()).digest()[:10])


def milliseconds(moment: datetime) -> int:
    """Count milliseconds since 1970, exactly."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
