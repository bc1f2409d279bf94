"""Puts records into the index: the first time all of them, later those that are new. Reads them in bulk and checks nothing."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from countersign.adapters.index.blobs import Branch
from countersign.adapters.index.gleaning import glean
from countersign.adapters.index.schema import COLUMNS, NAMED, PLACE
from countersign.attestation.accounts.account import TAKEN_OVER
from countersign.domain.ids import Sha
from countersign.domain.outcomes import LedgerFault

_INSERT = f"INSERT INTO record ({', '.join(COLUMNS + PLACE)}) VALUES ({', '.join('?' * len(COLUMNS + PLACE))})"  # noqa: S608 - our names
_KNOWN = "SELECT number FROM word WHERE kind = ? AND word = ?"
_PROSE = "INSERT INTO prose (rowid, words) VALUES (?, ?)"
_SEQ, _KIND, _RUN, _HEAD, _INTENT = (COLUMNS.index(name) for name in ("seq", "kind", "run", "head", "intent"))
_TAKEN_OVER = tuple(COLUMNS.index(name) for name in TAKEN_OVER)

Columns = tuple[object, ...]
"""Of `record`, without where it is kept."""


def fill(base: sqlite3.Connection, branch: Branch, tip: Sha, after: Sha | None) -> int:
    """Take in the records that came since `after` (all, where that is None); give how many. The caller commits.

    Raises:
        LedgerFault: a record cannot be read, or the branch is not what the index saw before.
        GitFault: git does not answer.
    """
    listed = branch.records(tip, after)
    words, intents = _Words(base), _Intents(base)
    first = int(base.execute("SELECT coalesce(max(seq), -1) FROM record").fetchone()[0]) + 1
    prose: list[tuple[int, str]] = []

    def commits() -> Iterator[Sha | None]:
        yield from branch.commits(tip, after, len(listed))  # asked for when the processes that glean are at work

    def rows() -> Iterator[tuple[object, ...]]:
        found = glean(branch.repository, listed)
        for seq, (item, one, commit) in enumerate(zip(listed, found, commits(), strict=True), start=first):
            told = one.columns[_SEQ]
            if told != seq:
                raise LedgerFault(f"{item.path} says that it is record {told}, not {seq}; run: countersign audit verify")
            words.take(seq, one.named)
            prose.append((seq, one.words))
            yield (*intents.join(one.columns), item.blob, item.path, one.digest, commit, one.leaf)

    base.executemany(_INSERT, rows())
    base.executemany(_PROSE, prose)
    words.write()
    return len(listed)


class _Words:
    """Numbers for words, known ones first, and who names them."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self._next = self._first = 1 + int(base.execute("SELECT coalesce(max(number), 0) FROM word").fetchone()[0])
        self._met: dict[str, dict[str, tuple[int, list[int]]]] = {kind: {} for kind in NAMED}

    def take(self, seq: int, named: Sequence[Sequence[str]]) -> None:
        """Take what a record names, kind by kind. Records come in their order."""
        for kind, words in zip(NAMED, named, strict=True):
            met = self._met[kind]
            for word in words:
                _, seqs = met.get(word) or self._meet(kind, word)
                if not seqs or seqs[-1] != seq:
                    seqs.append(seq)

    def write(self) -> None:
        """Write what was taken, in the order in which the tables keep it."""
        fresh = [(number, kind, word) for kind, met in self._met.items() for word, (number, _) in met.items()]
        fresh = sorted(row for row in fresh if row[0] >= self._first)
        self._base.executemany("INSERT INTO word (number, kind, word) VALUES (?, ?, ?)", fresh)
        named = sorted(entry for met in self._met.values() for entry in met.values())  # no two have the same number
        pairs = ((number, seq) for number, seqs in named for seq in seqs)
        self._base.executemany("INSERT INTO named (word, seq) VALUES (?, ?)", pairs)

    def _meet(self, kind: str, word: str) -> tuple[int, list[int]]:
        found = self._base.execute(_KNOWN, (kind, word)).fetchone() if self._first > 1 else None
        number = int(found[0]) if found else self._next
        self._next += not found
        return self._met[kind].setdefault(word, (number, []))


class _Intents:
    """Intents that wait for their outcome: those of this filling, and those that the index had before."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self._waiting: dict[object, Columns] = {}

    def join(self, told: Columns) -> Columns:
        """Give an outcome what its intent says (`Account.joined`, for columns); give anything else as it is."""
        run = told[_RUN]
        if run is None:
            return told
        if told[_KIND] == "intent":
            self._waiting[run] = told
            return told
        intent = self._waiting.pop(run, None) or self._before(run)
        if intent is None:
            return told
        joined = list(told)
        joined[_INTENT] = intent[_SEQ]
        joined[_HEAD] = told[_HEAD] or intent[_HEAD]
        for at in _TAKEN_OVER:
            joined[at] = intent[at]
        return tuple(joined)

    def _before(self, run: object) -> Columns | None:
        names = ", ".join(COLUMNS)
        row: Columns | None = self._base.execute(
            f"SELECT {names} FROM record WHERE key = ?",  # noqa: S608 - our names
            (f"intent/{run}",),
        ).fetchone()
        return row


def named(rows: Iterable[tuple[int, str, str]]) -> dict[int, dict[str, list[str]]]:
    """Put words back to the records that name them: by number and kind."""
    found: dict[int, dict[str, list[str]]] = {}
    for seq, kind, word in rows:
        found.setdefault(seq, {}).setdefault(kind, []).append(word)
    return found
