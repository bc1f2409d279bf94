"""A pack gives back what was put in, to whoever reads zlib; git itself reads packs in tests/integration/git."""

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.adapters.ledger.pack import Pack
from countersign.attestation.objects import ObjectKind, object_name

TYPES: dict[int, ObjectKind] = {1: "commit", 2: "tree", 3: "blob"}
KINDS: st.SearchStrategy[ObjectKind] = st.sampled_from(["commit", "tree", "blob"])


def unpacked(raw: bytes) -> list[tuple[ObjectKind, bytes]]:
    """Read a pack as gitformat-pack(5) says, with zlib's own reader."""
    assert raw[:8] == b"PACK\0\0\0\2"
    assert hashlib.sha1(raw[:-20], usedforsecurity=False).digest() == raw[-20:]
    found, at = [], 12
    for _ in range(int.from_bytes(raw[8:12])):
        byte = raw[at]
        kind, size, shift = byte >> 4 & 0b111, byte & 0b1111, 4
        while byte & 0b1000_0000:
            at += 1
            byte = raw[at]
            size |= (byte & 0b0111_1111) << shift
            shift += 7
        reader = zlib.decompressobj()
        data = reader.decompress(raw[at + 1 : -20])
        assert reader.eof
        assert len(data) == size
        found.append((TYPES[kind], data))
        at = len(raw) - 20 - len(reader.unused_data)
    assert at == len(raw) - 20
    return found


@given(st.lists(st.tuples(KINDS, st.binary(max_size=300)), max_size=8))
def test_what_is_packed_is_there(objects: list[tuple[ObjectKind, bytes]]) -> None:
    assert unpacked(Pack.of({object_name(kind, data): (kind, data) for kind, data in objects}).data) == list(dict.fromkeys(objects))


@pytest.mark.parametrize("size", [0, 1, 2**16 - 2, 2**16 - 1, 2**16, 2**17, 3 * (2**16 - 1)])
def test_a_tree_of_any_size_is_there(size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    assert unpacked(Pack.of({object_name("tree", data): ("tree", data)}).data) == [("tree", data)]
