"""One answer: what a record tells, and where the record is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from countersign.adapters.index.schema import COLUMNS, NAMED
from countersign.attestation.accounts.account import Account
from countersign.domain.ids import Digest, Sha

_INTENT = COLUMNS.index("intent")
_OF_ITS_OWN = frozenset({"credential", "host"})
"""What an outcome names for itself; the rest it has from its intent."""

Words = Mapping[int, Mapping[str, Sequence[str]]]
"""Words that records name, by the record's number and the kind of word."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the index knows it. `blob` is its object, `file` its path in the tree."""

    told: Account
    blob: Sha
    file: str
    digest: Digest
    commit: Sha | None


def make_row(columns: Sequence[object], words: Words) -> Row:
    """Put a row of `record` and its words together."""
    seq, intent = columns[0], columns[_INTENT]
    mine = words.get(int(str(seq)), {})
    its = {} if intent is None else words.get(int(str(intent)), {})
    shared = {kind: () if kind in _OF_ITS_OWN else its.get(kind, ()) for kind in NAMED}
    lists = {name: tuple(mine.get(kind) or shared[kind]) for kind, name in NAMED.items()}
    plain = dict(zip(COLUMNS, columns, strict=False))
    plain |= {name: bool(plain[name]) for name in ("loose", "tainted")}
    blob, file, digest, commit, _leaf = columns[len(COLUMNS) :]
    told = Account(**plain, **lists)  # type: ignore[arg-type]  # the tables are strict
    return Row(told, Sha(str(blob)), str(file), Digest(str(digest)), None if commit is None else Sha(str(commit)))
