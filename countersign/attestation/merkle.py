"""The Merkle tree over a log's records (RFC 6962, RFC 9162): its root, grown record by record, and proofs about it.

An inclusion proof shows that a record is in a tree; a consistency proof that a tree is the beginning of a larger one. Both are
about as many hashes as the tree is high. Works on hashes of leaves; what a leaf is, `leaf_hash` says. Does not sign.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from countersign.domain.ids import MalformedError

EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a tree without leaves."""

_HASH_BYTES = 32
_HIGHEST = 64
"""More levels than any tree has."""


def leaf_hash(data: bytes) -> bytes:
    """Hash a record's bytes as a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees together. The first byte differs from a leaf's, so that neither can be taken for the other."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed of a tree to grow it: the roots of its perfect subtrees, the largest first, one for each bit of size."""

    size: int = 0
    hashes: tuple[bytes, ...] = field(default=())

    def __post_init__(self) -> None:
        """Check the shape.

        Raises:
            MalformedError: not as many hashes as the size asks for.
        """
        if self.size < 0 or len(self.hashes) != self.size.bit_count() or any(len(item) != _HASH_BYTES for item in self.hashes):
            raise MalformedError("a tree's frontier does not fit its size")

    def add(self, leaf: bytes) -> "Frontier":
        """Give the tree with one more leaf, given as its hash."""
        kept, size = len(self.hashes), self.size
        while size & 1:
            kept -= 1
            leaf = node_hash(self.hashes[kept], leaf)
            size >>= 1
        return Frontier(self.size + 1, (*self.hashes[:kept], leaf))

    @property
    def root(self) -> bytes:
        """Give the root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        *rest, found = self.hashes
        for left in reversed(rest):
            found = node_hash(left, found)
        return found


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Give the root over hashes of leaves."""
    return _root(leaves, 0, len(leaves)) if leaves else EMPTY_ROOT


def inclusion_proof(leaves: Sequence[bytes], index: int, size: int | None = None) -> tuple[bytes, ...]:
    """Prove that a leaf is in the tree of the first `size` leaves, or of all; the deepest hash first.

    Raises:
        MalformedError: there is no such leaf or no such tree.
    """
    size = len(leaves) if size is None else size
    if not 0 <= index < size <= len(leaves):
        raise MalformedError(f"no leaf {index} in a tree of {size} of {len(leaves)} leaves")
    proof: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_root(leaves, middle, high))
            high = middle
        else:
            proof.append(_root(leaves, low, middle))
            low = middle
    return tuple(reversed(proof))


def consistency_proof(leaves: Sequence[bytes], old: int, size: int | None = None) -> tuple[bytes, ...]:
    """Prove that the tree of the first `old` leaves is the beginning of the tree of the first `size`, or of all.

    Raises:
        MalformedError: there are no such trees, or the old one is empty and proves nothing.
    """
    size = len(leaves) if size is None else size
    if not 0 < old <= size <= len(leaves):
        raise MalformedError(f"no tree of {old} leaves within one of {size} of {len(leaves)}")
    proof: list[bytes] = []
    low, high, whole = 0, size, True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_root(leaves, middle, high))
            high = middle
        else:
            proof.append(_root(leaves, low, middle))
            low, whole = middle, False
    if not whole:
        proof.append(_root(leaves, low, high))
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if the proof shows that this hash of a leaf is number `index` of the tree with this size and root.

    Raises:
        MalformedError: it does not.
    """
    _check(proof, root, leaf)
    if not 0 <= index < size:
        raise MalformedError(f"no leaf {index} in a tree of {size}")
    at, last, found = index, size - 1, leaf
    for item in proof:
        if last == 0:
            raise MalformedError("the inclusion proof is too long")
        if at & 1 or at == last:
            found = node_hash(item, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, item)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise MalformedError("the inclusion proof does not lead to the root")


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Return if the proof shows that the tree of `old` leaves is the beginning of the tree of `size` leaves.

    Raises:
        MalformedError: it does not.
    """
    _check(proof, root, old_root)
    if not 0 < old <= size:
        raise MalformedError(f"no tree of {old} leaves within one of {size}")
    if old == size or not proof:
        if proof or (old, old_root) != (size, root):
            raise MalformedError("the trees are of one size and differ, or there is no proof")
        return
    path = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for item in path[1:]:
        if last == 0:
            raise MalformedError("the consistency proof is too long")
        if at & 1 or at == last:
            before, after = node_hash(item, before), node_hash(item, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, item)
        at, last = at >> 1, last >> 1
    if last or before != old_root or after != root:
        raise MalformedError("the consistency proof does not lead from the old root to the new one")


def _check(proof: Sequence[bytes], *hashes: bytes) -> None:
    if len(proof) > _HIGHEST or any(len(item) != _HASH_BYTES for item in (*proof, *hashes)):
        raise MalformedError("a proof is too long, or holds what is no SHA-256")


def _split(count: int) -> int:
    """Give the largest power of two below the count (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def _root(leaves: Sequence[bytes], low: int, high: int) -> bytes:
    """Give the root over `leaves[low:high]`, which is not empty; level by level, the odd one out moves up."""
    level = list(leaves[low:high])
    while len(level) > 1:
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired if len(level) % 2 == 0 else [*paired, level[-1]]
    return level[0]
