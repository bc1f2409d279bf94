"""Writes git objects as one pack with its index (gitformat-pack(5)), so that many are stored with one wait for the disk each.

No deltas: an append is small. The index names the objects by what their bytes gave, so git does not have to compute it again.
"""

import hashlib
import os
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from struct import Struct
from tempfile import NamedTemporaryFile

from countersign.adapters.files import sync_folder
from countersign.attestation.objects import ObjectKind, Objects
from countersign.domain.ids import Sha

_TYPES: Mapping[ObjectKind, int] = {"commit": 1, "tree": 2, "blob": 3}
_VERSION = 2
_INDEX = b"\xfftOc" + _VERSION.to_bytes(4)
_QUICKLY, _WINDOW, _MEMORY = 1, 13, 6
"""zlib's level, window and memory (its own units). A window of 8 KB is set up in a third of the time that one of 32 KB takes, which
for objects as small as these is most of the work; they come out as small."""

_BLOCK = 2**16 - 1
"""Bytes that a stored block can hold at most (RFC 1951, section 3.2.4)."""

_STORED = Struct("<?HH")
"""What comes before one: whether it is the last, its size, and the size's complement."""

_FARTHEST = 2**31
"""Where an object may begin at most; beyond, an index needs a second table, and no batch comes near."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Objects as git stores them together."""

    data: bytes
    _placed: Sequence[tuple[Sha, int, int]] = field(repr=False)
    """Name, CRC and offset of each."""

    @classmethod
    def of(cls, objects: Objects) -> "Pack":
        """Put objects together, each under the name that was computed from its bytes."""
        parts, placed, at = [b"PACK" + _VERSION.to_bytes(4) + len(objects).to_bytes(4)], [], 12
        for name, (kind, data) in objects.items():
            written = _header(_TYPES[kind], len(data)) + (_stored(data) if kind == "tree" else _deflated(data))
            parts.append(written)
            placed.append((name, zlib.crc32(written), at))
            at += len(written)
        return cls(_summed(b"".join(parts)), placed)

    @property
    def index(self) -> bytes:
        """Give the index, of version 2: names in order, with a table that says where those with each first byte end."""
        ordered = sorted(self._placed)
        if any(at >= _FARTHEST for _, _, at in ordered):
            raise ValueError("too much for one pack")
        names = [bytes.fromhex(name) for name, _, _ in ordered]
        counts = [0] * 256
        for name in names:
            counts[name[0]] += 1
        tables = (accumulate(counts), (crc for _, crc, _ in ordered), (at for _, _, at in ordered))
        ends, crcs, places = (b"".join(number.to_bytes(4) for number in table) for table in tables)
        return _summed(b"".join([_INDEX, ends, *names, crcs, places, self.data[-20:]]))

    def store(self, folder: Path) -> None:
        """Put it into a repository's folder of packs; on disk when this returns. Half of it is nothing to git.

        Raises:
            OSError: the disk does not take it.
        """
        name = folder / f"pack-{self.data[-20:].hex()}"
        _place(self.data, name.with_suffix(".pack"))
        _place(self.index, name.with_suffix(".idx"))  # last: git knows packs by their index
        sync_folder(folder)


def _place(data: bytes, path: Path) -> None:
    """Write a file that is there whole or not at all; `git gc` removes what is left of one that was cut short."""
    with NamedTemporaryFile(dir=path.parent, prefix="tmp_pack_", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(file.name).unlink()
            raise


def _summed(data: bytes) -> bytes:
    return data + hashlib.sha1(data, usedforsecurity=False).digest()


def _deflated(data: bytes) -> bytes:
    stream = zlib.compressobj(_QUICKLY, zlib.DEFLATED, _WINDOW, _MEMORY)
    return stream.compress(data) + stream.flush()


def _stored(data: bytes) -> bytes:
    """Write a tree as it is, since it is mostly hashes: a zlib stream of stored blocks, ten times as fast as zlib writes it."""
    size = len(data)
    if size <= _BLOCK:  # all but the largest
        blocks = _STORED.pack(1, size, size ^ _BLOCK) + data
    else:
        cuts = [data[at : at + _BLOCK] for at in range(0, size, _BLOCK)]
        blocks = b"".join(_STORED.pack(at == len(cuts), len(cut), len(cut) ^ _BLOCK) + cut for at, cut in enumerate(cuts, start=1))
    return b"\x78\x01" + blocks + zlib.adler32(data).to_bytes(4)


def _header(kind: int, size: int) -> bytes:
    """Write type and size: four bits of the size beside the type, then seven a byte."""
    header, rest = [kind << 4 | size & 0b1111], size >> 4
    while rest:
        header[-1] |= 0b1000_0000
        header.append(rest & 0b0111_1111)
        rest >>= 7
    return bytes(header)
