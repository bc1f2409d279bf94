"""Writes git objects as one pack (gitformat-pack(5)), so that one process stores them all. No deltas: an append is small."""

import hashlib
import zlib
from collections.abc import Mapping

from countersign.attestation.objects import ObjectKind, Objects

_TYPES: Mapping[ObjectKind, int] = {"commit": 1, "tree": 2, "blob": 3}
_VERSION = 2


def pack(objects: Objects) -> bytes:
    """Give a pack that holds the objects."""
    parts = [b"PACK", _VERSION.to_bytes(4), len(objects).to_bytes(4)]
    for kind, data in objects.values():
        parts += (_header(_TYPES[kind], len(data)), _compressed(data))
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _compressed(data: bytes) -> bytes:
    """Compress quickly: with little memory, since setting it up costs more than a small object does."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 1)
    return squeeze.compress(data) + squeeze.flush()


def _header(kind: int, size: int) -> bytes:
    """Write type and size: four bits of the size beside the type, then seven a byte."""
    first, rest = kind << 4 | size & 0b1111, size >> 4
    header = bytearray()
    while rest:
        header.append(first | 0b1000_0000)
        first, rest = rest & 0b0111_1111, rest >> 7
    header.append(first)
    return bytes(header)
