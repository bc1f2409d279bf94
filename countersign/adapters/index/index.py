"""The index of a branch: opened, brought up to the branch's tip, asked.

A file of SQLite that can be thrown away: it is keyed by the tip it was made from and by the version of its tables. It grows by
what is new; where the branch was rewritten, or the file is damaged or another version's, it is made anew. It says what records
say, quickly. Whether they are true is for `verify`, which never looks here.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from countersign.adapters.files import locked
from countersign.adapters.index import around
from countersign.adapters.index.asking import check_utf8, where
from countersign.adapters.index.blobs import Branch
from countersign.adapters.index.filling import fill, named
from countersign.adapters.index.keeping import beside, check_mine, check_replaceable
from countersign.adapters.index.question import Question
from countersign.adapters.index.row import Row, make_row
from countersign.adapters.index.schema import COLUMNS, PLACE, is_ours, make_lookups, make_tables
from countersign.domain.ids import Digest, Sha
from countersign.domain.outcomes import LedgerFault

_T = TypeVar("_T")
_AT_ONCE = 5000
_SELECT = ", ".join(COLUMNS + PLACE)


class Index:
    """An index that answers for one tip. Not for several threads; several processes may share the file."""

    def __init__(self, file: Path, repository: Path, tip: Sha) -> None:
        """Answer for this tip of the repository. Nothing is opened yet."""
        self._named, self._file = file, Path(os.path.realpath(file))  # a link is followed once; of a loop whoever opens it tells
        self._branch, self._tip = Branch(repository), tip
        self._base: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._base is not None:
            self._base.close()
        self._base = None

    def forget(self) -> None:
        """Throw the index away; the next question makes it anew."""
        self.close()
        self._file.unlink(missing_ok=True)

    def ask(self, question: Question) -> list[Row]:
        """Give the records that a question means, newest first unless it says otherwise.

        Raises:
            MalformedError: the question's path is no glob; or the file is something else than an index.
            LedgerFault: the index can neither be read nor made anew, or others can have written it.
        """
        return self._safely(lambda base: _ask(base, question))

    def count(self, question: Question) -> int:
        """Count them, whatever the question's limit."""

        def counted(base: sqlite3.Connection) -> int:
            condition = where(base, question, counting=True)
            row = base.execute(f"SELECT count(*) FROM record WHERE {condition}", condition.values).fetchone()  # noqa: S608
            return int(row[0])

        return self._safely(counted)

    def find(self, name: str) -> list[Row]:
        """Give the records that bear a name: number, ULID, key, or run.

        Raises:
            MalformedError: the name is not UTF-8.
        """

        def found(base: sqlite3.Connection) -> list[Row]:
            check_utf8(name)
            number = int(name) if name.isascii() and name.isdigit() and len(name) <= 10 and str(int(name)) == name else -1  # noqa: PLR2004
            condition = "seq = ? OR id = ? OR key = ? OR run = ?"
            return _rows(base, condition, (number, name, name, name), "seq")

        return self._safely(found)

    def of_runs(self, runs: Sequence[str]) -> list[Row]:
        """Give the records of these runs, oldest first."""

        def found(base: sqlite3.Connection) -> list[Row]:
            rows: list[Row] = []
            for at in range(0, len(runs), _AT_ONCE):
                some = runs[at : at + _AT_ONCE]
                rows += _rows(base, f"run IN ({', '.join('?' * len(some))})", some, "seq")
            return sorted(rows, key=lambda row: row.told.seq)

        return self._safely(found)

    def unended(self, environment: str | None, *, since: str, until: str, below: int | None) -> list[Row]:
        """Give the intents before `until` that had no outcome when `since` came, in an environment or in all, oldest first."""
        condition, given = around.unended(environment, since=since, until=until, below=below)
        return self._safely(lambda base: _rows(base, condition, given, "seq"))

    def deciding(self, *, since: str, until: str, below: int | None) -> list[Row]:
        """Give the records of a time that name the policy which decided, and the last one before it, oldest first."""
        condition, given = around.deciding(since=since, until=until, below=below)
        return self._safely(lambda base: _rows(base, condition, given, "seq"))

    def figures(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Ask in SQL, for counts that no question gives. The statement is ours, never a user's."""
        return self._safely(lambda base: base.execute(query, values).fetchall())

    def digests(self) -> list[Digest]:
        """Give the digest of every record, in order."""
        return self._safely(lambda base: [digest for (digest,) in base.execute("SELECT digest FROM record ORDER BY seq")])

    def leaves(self) -> list[bytes]:
        """Give the leaf hash of every record, in order: what Merkle proofs are made of. Whoever is given a proof checks it."""
        return self._safely(lambda base: [bytes.fromhex(leaf) for (leaf,) in base.execute("SELECT leaf FROM record ORDER BY seq")])

    def note(self, name: str, value: str) -> None:
        """Keep a note beside the records, for as long as the tip stays."""

        def kept(base: sqlite3.Connection) -> None:
            with base:
                base.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (f"note/{name}", value))

        self._safely(kept)

    def noted(self, name: str) -> str | None:
        """Give a note; None where there is none for this tip."""
        row = self._safely(lambda base: base.execute("SELECT value FROM meta WHERE name = ?", (f"note/{name}",)).fetchone())
        return None if row is None else str(row[0])

    def _safely(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """Act on the index; where the file turns out to be damaged, make it anew, once."""
        for again in (False, True):
            try:
                return act(self._opened(anew=again))
            except sqlite3.DatabaseError as error:
                self.close()
                if again:
                    raise LedgerFault(f"the index {self._file} cannot be used: {error}; name another with --index") from None
            except OSError as error:
                self.close()
                raise LedgerFault(f"the index {self._file} cannot be kept: {error.strerror}; name another with --index") from None
        raise AssertionError

    def _opened(self, *, anew: bool) -> sqlite3.Connection:
        if self._base is not None and not anew:
            return self._base
        check_replaceable(self._file)
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_mine(self._named, self._file)
        with locked(self._file.with_name(self._file.name + ".lock")):
            base = None if anew else self._brought_up()
            if base is None:
                self._make()
                base = _connect(self._file)
        self._base = base
        return base

    def _brought_up(self) -> sqlite3.Connection | None:
        """Open the file and take in what is new; None where it has to be made anew."""
        if not self._file.exists():
            return None
        base = _connect(self._file)
        try:
            known = _tip(base) if is_ours(base) else None
            if known is not None and (known == self._tip or self._branch.descends(self._tip, known)):
                if known != self._tip:
                    with base:
                        fill(base, self._branch, self._tip, known)
                        base.execute("DELETE FROM meta WHERE name LIKE 'note/%'")
                        base.execute("UPDATE meta SET value = ? WHERE name = 'tip'", (self._tip,))
                return base
        except sqlite3.DatabaseError:
            pass
        except LedgerFault:
            base.close()
            raise
        base.close()
        return None

    def _make(self) -> None:
        """Make the whole index beside the old one, then put it in its place at once."""
        fresh = self._file.with_name(self._file.name + ".new")
        check_replaceable(fresh)
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600, exist_ok=False)
        base = sqlite3.connect(fresh, isolation_level=None)
        try:
            base.executescript("PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;")
            base.executescript("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA locking_mode = EXCLUSIVE;")
            make_tables(base)
            base.execute("BEGIN")
            fill(base, self._branch, self._tip, None)
            base.execute("INSERT INTO meta (name, value) VALUES ('tip', ?)", (self._tip,))
            base.execute("COMMIT")
            make_lookups(base)
        finally:
            base.close()
        for rest in beside(self._file):
            rest.unlink(missing_ok=True)
        fresh.replace(self._file)


def _connect(file: Path) -> sqlite3.Connection:
    base = sqlite3.connect(file, timeout=30)
    with suppress(sqlite3.DatabaseError):  # a damaged file is found by whoever reads it
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA mmap_size = 1073741824")
    return base


def _tip(base: sqlite3.Connection) -> Sha | None:
    row = base.execute("SELECT value FROM meta WHERE name = 'tip'").fetchone()
    return None if row is None else Sha(row[0])


def _ask(base: sqlite3.Connection, question: Question) -> list[Row]:
    condition = where(base, question)
    order = "seq" if question.oldest_first else "seq DESC"
    if question.limit is not None:
        order += f" LIMIT {int(question.limit)}"
    return _rows(base, str(condition), condition.values, order)


def _rows(base: sqlite3.Connection, condition: str, values: Sequence[object], order: str) -> list[Row]:
    found = base.execute(f"SELECT {_SELECT} FROM record WHERE {condition} ORDER BY {order}", values).fetchall()  # noqa: S608 - our names
    asked = sorted({seq for row in found for seq in (row[0], row[COLUMNS.index("intent")]) if seq is not None})
    words = named(_words(base, asked))
    return [make_row(row, words) for row in found]


def _words(base: sqlite3.Connection, seqs: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    for at in range(0, len(seqs), _AT_ONCE):
        listed = ", ".join(str(int(seq)) for seq in seqs[at : at + _AT_ONCE])
        yield from base.execute(
            f"SELECT seq, kind, word.word FROM named JOIN word ON number = named.word WHERE seq IN ({listed}) ORDER BY seq, number"  # noqa: S608
        )
