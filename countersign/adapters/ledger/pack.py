"""Writes git objects as one pack (gitformat-pack(5)), so that one process stores them all. No deltas: an append is small."""

import hashlib
import zlib
from collections.abc import Mapping

from countersign.attestation.objects import ObjectKind, Objects

_TYPES: Mapping[ObjectKind, int] = {"commit": 1, "tree": 2, "blob": 3}
_VERSION = 2
_QUICKLY = 1
_BLOCK = 2**16 - 1
"""Bytes that a stored block can hold at most (RFC 1951, section 3.2.4)."""


def pack(objects: Objects) -> bytes:
    """Give a pack that holds the objects."""
    parts = [b"PACK", _VERSION.to_bytes(4), len(objects).to_bytes(4)]
    for kind, data in objects.values():
        parts += (_header(_TYPES[kind], len(data)), _stored(data) if kind == "tree" else zlib.compress(data, _QUICKLY))
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _stored(data: bytes) -> bytes:
    """Write a tree as it is, since it is mostly hashes: a zlib stream of stored blocks, ten times as fast as zlib writes it."""
    blocks = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)] or [b""]
    parts = [b"\x78\x01"]
    for number, block in enumerate(blocks, start=1):
        size = len(block)
        parts += (bytes([number == len(blocks)]), size.to_bytes(2, "little"), (size ^ _BLOCK).to_bytes(2, "little"), block)
    return b"".join([*parts, zlib.adler32(data).to_bytes(4)])


def _header(kind: int, size: int) -> bytes:
    """Write type and size: four bits of the size beside the type, then seven a byte."""
    first, rest = kind << 4 | size & 0b1111, size >> 4
    header = bytearray()
    while rest:
        header.append(first | 0b1000_0000)
        first, rest = rest & 0b0111_1111, rest >> 7
    header.append(first)
    return bytes(header)
