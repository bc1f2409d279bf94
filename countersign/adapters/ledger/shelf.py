"""What a reader has checked, kept on disk: a restart goes on where it stopped, and a long log does not have to fit into memory.

One SQLite file beside the pin, and bound to it: without the pin, or where the two disagree, nothing of it is believed and the
log is checked anew from its first record. Holds no record's text; that lies in the objects, under the name kept here.
Several readers, in threads or processes, may share it; each takes turns with `turn`.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from countersign.attestation.chain import Point
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.merkle import Frontier
from countersign.attestation.objects import TreeEntry, object_name
from countersign.attestation.problem import ChainError, Problem
from countersign.attestation.questions import binding_of, named
from countersign.attestation.record import GIVEN_UP, Entry, RecordKind
from countersign.domain.ids import ChangeRef, Digest, RunId, Sha, digest, sha
from countersign.domain.outcomes import LedgerFault

_VERSION = 2
_BUSY_SECONDS = 60
_TABLES = """
CREATE TABLE record (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, project TEXT, iid INTEGER,
    path TEXT NOT NULL, object BLOB NOT NULL, "commit" BLOB NOT NULL, root BLOB NOT NULL
) STRICT;
CREATE INDEX of_change ON record (project, iid) WHERE project IS NOT NULL;
CREATE TABLE open (run TEXT PRIMARY KEY, seq INTEGER NOT NULL, project TEXT, iid INTEGER) STRICT;
CREATE TABLE question (binding TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
CREATE INDEX waiting ON question (seq) WHERE state = 'open';
CREATE TABLE newest (only_one INTEGER PRIMARY KEY CHECK (only_one = 0), point TEXT NOT NULL, bound TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Shelved:
    """Where a checked record lies."""

    seq: int
    path: str
    object: Sha
    commit: Sha
    root: Digest


class Shelf:
    """Checked records of one log. A `Records` for a chain. Not for several threads."""

    def __init__(self, path: Path, *, bound: str) -> None:
        """Keep it in this file, which is made if need be and begun anew where it is none of ours.

        `bound` says under what the records were judged: where it changes (a key is trusted no more), all is checked anew.

        Raises:
            LedgerFault: it cannot be opened.
        """
        self._bound = bound
        try:
            self._database = _opened(path)
        except sqlite3.DatabaseError:
            for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                each.unlink(missing_ok=True)
            try:
                self._database = _opened(path)
            except sqlite3.Error as error:
                raise LedgerFault(f"what was checked of the audit branch cannot be kept: {error}") from None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keep other readers out, and keep what was added when the context ends well; else nothing of it.

        Raises:
            LedgerFault: the disk does not take it.
        """
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.rollback()
                raise
            self._database.commit()
        except sqlite3.Error as error:
            if self._database.in_transaction:
                self._database.rollback()
            raise LedgerFault(f"what was checked of the audit branch cannot be kept: {error}") from None

    def newest(self, pinned: Checkpoint | None) -> Point | None:
        """Give the place up to which was checked, if the pin vouches for what is kept here; else forget it all and give None."""
        row = self._database.execute("SELECT point FROM newest WHERE bound = ?", (self._bound,)).fetchone()
        if row is not None and pinned is not None:
            try:
                point = _point(row[0])
            except (KeyError, TypeError, ValueError):
                point = None
            if point is not None and self._vouched(point, pinned):
                return point
        for table in ("record", "open", "question", "newest"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - words of ours
        return None

    def keep(self, point: Point) -> None:
        """Remember the place up to which was checked."""
        self._database.execute("INSERT OR REPLACE INTO newest VALUES (0, ?, ?)", (json.dumps(_document(point)), self._bound))

    def add(self, entry: Entry) -> None:
        """Take in the next record."""
        project, iid = _change(entry.change)
        names = [bytes.fromhex(name) for name in (object_name("blob", entry.raw), entry.commit, entry.root.removeprefix("sha256:"))]
        row = (entry.seq, entry.key, project, iid, entry.path, *names)
        self._database.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        if entry.run is not None and entry.kind is RecordKind.INTENT:
            self._database.execute("INSERT INTO open VALUES (?, ?, ?, ?)", (entry.run, entry.seq, project, iid))
        elif entry.run is not None:
            self._database.execute("DELETE FROM open WHERE run = ?", (entry.run,))
        self._take_question(entry)

    def _take_question(self, entry: Entry) -> None:
        """Note how the questions stand now (`questions.unended`)."""
        about, other = binding_of(entry.key), named(entry.kind, entry.body)
        if entry.kind is RecordKind.ASSESSED:
            self._database.execute("INSERT OR REPLACE INTO question VALUES (?, ?, 'open')", (about, entry.seq))
        elif entry.kind is RecordKind.INTENT:
            self._database.execute("UPDATE question SET state = 'run' WHERE binding = ?", (other,))
        elif entry.kind in GIVEN_UP:
            self._database.execute("UPDATE question SET state = 'ended' WHERE binding = ? AND state = 'open'", (about,))
            self._database.execute("UPDATE question SET state = 'open' WHERE binding = ? AND state = 'ended'", (other,))

    def seq_of(self, key: str) -> int | None:
        """Give the number of the record with this key."""
        row = self._database.execute("SELECT seq FROM record WHERE key = ?", (key,)).fetchone()
        return None if row is None else int(row[0])

    def opened(self, run: RunId) -> tuple[ChangeRef | None] | None:
        """Give the change of the run's intent, if no outcome follows it yet."""
        row = self._database.execute("SELECT project, iid FROM open WHERE run = ?", (run,)).fetchone()
        return None if row is None else (None if row[0] is None else ChangeRef(row[0], row[1]),)

    def find(self, key: str) -> Shelved | None:
        """Tell where the record with this key lies."""
        return next(self._select("key = ?", key), None)

    def of_change(self, change: ChangeRef) -> list[Shelved]:
        """Tell where the records of a change lie, oldest first."""
        return list(self._select("project = ? AND iid = ?", change.project, change.iid))

    def open_intents(self) -> list[Shelved]:
        """Tell where the intents lie that no outcome follows yet, oldest first."""
        return list(self._select("seq IN (SELECT seq FROM open)"))

    def open_questions(self) -> list[Shelved]:
        """Tell where the questions lie that have no end yet, oldest first."""
        return list(self._select("seq IN (SELECT seq FROM question WHERE state = 'open')"))

    def latest(self, count: int) -> list[Shelved]:
        """Tell where so many records lie, the newest, oldest first."""
        return list(self._select("seq > (SELECT coalesce(max(seq), 0) FROM record) - ?", count))

    def cut_off(self, tip: Sha) -> ChainError | None:
        """Say that records which we have seen come after this tip; None where that is not what is wrong."""
        row = self._database.execute('SELECT seq FROM record WHERE "commit" = ?', (bytes.fromhex(tip),)).fetchone()
        if row is None:
            return None
        why = f"it is missing: the log ends at record {row[0]}, but record {row[0] + 1} was seen before; the tail was cut off"
        return ChainError(Problem(row[0] + 1, None, why))

    def _vouched(self, point: Point, pinned: Checkpoint) -> bool:
        """Say whether the newest record kept is the point's, and the pin's record, if we have come to it, is the one kept."""
        last = next(self._select("seq = (SELECT max(seq) FROM record)"), None)
        if last is None or last.seq != point.frontier.size - 1 or last.root != "sha256:" + point.frontier.root.hex():
            return False
        pinned_at = next(self._select("seq = ?", pinned.size - 1), None)
        return pinned.size > point.frontier.size or (pinned_at is not None and pinned_at.root == pinned.root)

    def _select(self, where: str, *values: str | int) -> Iterator[Shelved]:
        query = f'SELECT seq, path, object, "commit", root FROM record WHERE {where} ORDER BY seq'  # noqa: S608 - no value in it
        for seq, path, blob, commit, root in self._database.execute(query, values):
            yield Shelved(seq, path, Sha(blob.hex()), Sha(commit.hex()), Digest("sha256:" + root.hex()))


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")  # a power failure may cost the newest turns, never the file
    database.execute("BEGIN IMMEDIATE")
    [version] = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for table in filter(str.strip, _TABLES.split(";")):
            database.execute(table)
        database.execute(f"PRAGMA user_version = {_VERSION}")
    database.commit()
    if version not in {0, _VERSION}:
        database.close()
        raise sqlite3.DatabaseError("of another version")
    return database


def _change(change: ChangeRef | None) -> tuple[str | None, int | None]:
    return (None, None) if change is None else (change.project, change.iid)


def _document(point: Point) -> dict[str, object]:
    return {
        "commit": point.commit,
        "digest": point.digest,
        "frontier": [item.hex() for item in point.frontier.hashes],
        "nth": point.nth,
        "origin": point.origin,
        "recorded": point.recorded.isoformat(),
        "settled": point.settled,
        "size": point.frontier.size,
        "tree": [[name, entry.mode, entry.object] for name, entry in point.tree.items()],
    }


def _point(text: str) -> Point:
    document = json.loads(text)
    return Point(
        commit=sha(document["commit"]),
        digest=digest(document["digest"]),
        recorded=datetime.fromisoformat(document["recorded"]),
        origin=str(document["origin"]),
        tree={str(name): TreeEntry(str(mode), sha(item)) for name, mode, item in document["tree"]},
        frontier=Frontier(int(document["size"]), tuple(map(bytes.fromhex, document["frontier"]))),
        nth=int(document["nth"]),
        settled=bool(document["settled"]),
    )
