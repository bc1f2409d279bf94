"""A sample that anybody can draw again: no dice, only a digest of the seed and of each record's own digest.

The method, so that it can be repeated without this program: take the whole population; for each record compute
SHA-256 of the line `countersign/sample/v1 <seed> <record digest>`; take the `n` records with the smallest values. Whoever writes
the log cannot choose what will be drawn, since the seed comes later, and an auditor cannot be said to have chosen.

A log grows, and another population draws others. So a sample says what it was drawn from: the checkpoint, and what narrowed it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from countersign.attestation.checkpoint import Checkpoint
from countersign.domain.ids import Digest

METHOD = "the n smallest SHA-256 of 'countersign/sample/v1 <seed> <record digest>'"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a sample was drawn from, and how: all that is needed to draw it again. `narrowed` is what was asked for, by option."""

    count: int
    population: int
    kinds: tuple[str, ...]
    narrowed: Mapping[str, str]
    seed: str
    checkpoint: Checkpoint | None

    def __str__(self) -> str:
        """Say it in a sentence."""
        by = " and ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in self.narrowed.items())
        log = "an empty log" if self.checkpoint is None else f"the {self.checkpoint.size} records of checkpoint {self.checkpoint}"
        kinds = ", ".join(self.kinds)
        return (
            f"drawn: {self.count} of {self.population} ({kinds}) among {log}; "
            f"{f'narrowed by {by}' if by else 'not narrowed'}; seed {json.dumps(self.seed, ensure_ascii=False)}"
        )

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        return {
            "checkpoint": None if self.checkpoint is None else str(self.checkpoint),
            "drawn": self.count,
            "kinds": list(self.kinds),
            "method": METHOD,
            "narrowed": dict(self.narrowed),
            "population": self.population,
            "seed": self.seed,
        }


def draw(population: Iterable[tuple[int, Digest]], *, count: int, seed: str) -> list[int]:
    """Draw from records, each its number and digest; give numbers in the order of the log. The order of the input is irrelevant."""
    ranked = sorted((_rank(digest, seed), seq) for seq, digest in population)
    return sorted(seq for _, seq in ranked[:count])


def _rank(digest: Digest, seed: str) -> str:
    return hashlib.sha256(f"countersign/sample/v1 {seed} {digest}".encode()).hexdigest()
