"""A sample that anybody can draw again: no dice, only a digest of the seed and of each record's own digest.

The method, so that it can be repeated without this program: take the whole population; for each record compute
SHA-256 of the line `countersign/sample/v1 <seed> <record digest>`; take the `n` records with the smallest values. Whoever writes
the log cannot choose what will be drawn, since the seed comes later, and an auditor cannot be said to have chosen.
"""

import hashlib
from collections.abc import Iterable

from countersign.domain.ids import Digest

METHOD = "the n smallest SHA-256 of 'countersign/sample/v1 <seed> <record digest>'"


def draw(population: Iterable[tuple[int, Digest]], *, count: int, seed: str) -> list[int]:
    """Draw from records, each its number and digest; give numbers in the order of the log. The order of the input is irrelevant."""
    ranked = sorted((_rank(digest, seed), seq) for seq, digest in population)
    return sorted(seq for _, seq in ranked[:count])


def _rank(digest: Digest, seed: str) -> str:
    return hashlib.sha256(f"countersign/sample/v1 {seed} {digest}".encode()).hexdigest()
