"""Writes git objects as one pack (gitformat-pack(5)), so that one process stores them all. No deltas: an append is small."""

import hashlib
import zlib
from collections.abc import Mapping

from countersign.attestation.objects import ObjectKind, Objects

_TYPES: Mapping[ObjectKind, int] = {"commit": 1, "tree": 2, "blob": 3}
_VERSION = 2
_LEVELS: Mapping[ObjectKind, int] = {"commit": 1, "tree": 0, "blob": 1}
"""How hard to compress: quickly, and a tree not at all, since it is mostly hashes."""


def pack(objects: Objects) -> bytes:
    """Give a pack that holds the objects."""
    parts = [b"PACK", _VERSION.to_bytes(4), len(objects).to_bytes(4)]
    for kind, data in objects.values():
        parts += (_header(_TYPES[kind], len(data)), zlib.compress(data, _LEVELS[kind]))
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _header(kind: int, size: int) -> bytes:
    """Write type and size: four bits of the size beside the type, then seven a byte."""
    first, rest = kind << 4 | size & 0b1111, size >> 4
    header = bytearray()
    while rest:
        header.append(first | 0b1000_0000)
        first, rest = rest & 0b0111_1111, rest >> 7
    header.append(first)
    return bytes(header)
