"""Puts records into the index: the first time all of them, later those that are new. Reads them in bulk and checks nothing."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from countersign.adapters.index.blobs import Branch
from countersign.adapters.index.gleaning import glean
from countersign.adapters.index.schema import COLUMNS, NAMED, PLACE
from countersign.attestation.accounts.account import Account
from countersign.domain.ids import Sha
from countersign.domain.outcomes import LedgerFault

_INSERT = f"INSERT INTO record ({', '.join(COLUMNS + PLACE)}) VALUES ({', '.join('?' * len(COLUMNS + PLACE))})"  # noqa: S608 - our names
_COLUMNS, _NAMED = attrgetter(*COLUMNS), attrgetter(*NAMED.values())
_KNOWN = "SELECT number FROM word WHERE kind = ? AND word = ?"
_PROSE = "INSERT INTO prose (rowid, words) VALUES (?, ?)"


@dataclass(slots=True)
class _Words:
    """Numbers for words, known ones first."""

    base: sqlite3.Connection
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    _next: int = 0
    _fresh: list[tuple[int, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._next = 1 + int(self.base.execute("SELECT coalesce(max(number), 0) FROM word").fetchone()[0])

    def take(self, told: Account) -> None:
        for kind, words in zip(NAMED, _NAMED(told), strict=True):
            for word in dict.fromkeys(words):
                self.pairs.append((self._number(kind, word), told.seq))

    def write(self) -> None:
        self.base.executemany("INSERT INTO word (number, kind, word) VALUES (?, ?, ?)", self._fresh)
        self.base.executemany("INSERT INTO named (word, seq) VALUES (?, ?)", sorted(self.pairs))

    def _number(self, kind: str, word: str) -> int:
        known = self.numbers.get((kind, word))
        if known is not None:
            return known
        found = self.base.execute(_KNOWN, (kind, word)).fetchone() if self._old else None
        number = int(found[0]) if found else self._next
        if not found:
            self._next += 1
            self._fresh.append((number, kind, word))
        self.numbers[kind, word] = number
        return number

    @property
    def _old(self) -> bool:
        """Say whether the index had words before this filling: only then is it worth asking for them."""
        return self._next - len(self._fresh) > 1


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

    def rows(commits: Sequence[Sha | None]) -> Iterator[tuple[object, ...]]:
        found = glean(branch.repository, listed)
        for number, (item, commit, one) in enumerate(zip(listed, commits, found, strict=True), start=first):
            told = intents.join(one.told)
            if told.seq != number:
                raise LedgerFault(f"{item.path} says that it is record {told.seq}, not {number}; run: countersign audit verify")
            words.take(told)
            prose.append((told.seq, told.words))
            yield (*_COLUMNS(told), item.blob, item.path, one.digest, commit, one.leaf)

    base.executemany(_INSERT, rows(branch.commits(tip, after, len(listed))))
    base.executemany(_PROSE, prose)
    words.write()
    return len(listed)


@dataclass(slots=True)
class _Intents:
    """Intents that wait for their outcome: those of this filling, and those that the index had before."""

    base: sqlite3.Connection
    waiting: dict[str, Account] = field(default_factory=dict)

    def join(self, told: Account) -> Account:
        if told.run is None:
            return told
        if told.kind == "intent":
            self.waiting[told.run] = told
            return told
        intent = self.waiting.pop(told.run, None) or self._before(told.run)
        return told if intent is None else told.joined(intent)

    def _before(self, run: str) -> Account | None:
        names = ", ".join(COLUMNS)
        row = self.base.execute(f"SELECT {names} FROM record WHERE key = ?", (f"intent/{run}",)).fetchone()  # noqa: S608 - our names
        return None if row is None else Account(**dict(zip(COLUMNS, row, strict=True)))


def named(rows: Iterable[tuple[int, str, str]]) -> dict[int, dict[str, list[str]]]:
    """Put words back to the records that name them: by number and kind."""
    found: dict[int, dict[str, list[str]]] = {}
    for seq, kind, word in rows:
        found.setdefault(seq, {}).setdefault(kind, []).append(word)
    return found
