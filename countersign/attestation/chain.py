"""Checks the audit branch, commit by commit, and says which record is the first wrong one and why.

Does not read git; give it the objects. Believes nothing but the bytes, the names computed from them, and a trust root from outside.
"""

from dataclasses import dataclass
from datetime import datetime

from countersign.attestation import commit as commits
from countersign.attestation import statement
from countersign.attestation.index import LogIndex
from countersign.attestation.keys import Trust
from countersign.attestation.objects import FILE, Source, Tree, added_files, read_object, read_tree
from countersign.attestation.record import Entry
from countersign.attestation.statement import Statement
from countersign.domain.ids import MalformedError, Sha, digest_of

GENESIS_FILES = frozenset({"README.md", "FORMAT.md"})
"""What the first commit holds besides its record; nothing else may ever appear."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The first wrong record: its number (None where not even that can be told), its commit, and what is wrong."""

    seq: int | None
    commit: Sha | None
    why: str

    def __str__(self) -> str:
        """Name the place, then the reason."""
        where = "the branch" if self.seq is None else f"record {self.seq}"
        return f"{where}: {self.why}" if self.commit is None else f"{where} (commit {self.commit}): {self.why}"


class ChainError(Exception):
    """The branch is not what it should be."""

    def __init__(self, problem: Problem) -> None:
        """Keep the first problem; what comes after it means nothing any more."""
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Link:
    """One checked commit, ready to be taken in."""

    entry: Entry
    recorded: datetime
    origin: str
    tree: Tree


class Chain:
    """A log as far as it was checked."""

    def __init__(self, *, trust: Trust, origin: str | None = None) -> None:
        """Begin before the first record. Without an origin, the first record's is every record's."""
        self.index = LogIndex()
        self._trust = trust
        self._origin = origin
        self._last: Link | None = None

    @property
    def tip(self) -> Sha | None:
        """Give the newest checked commit; None before the first."""
        return None if self._last is None else self._last.entry.commit

    @property
    def tree(self) -> Tree:
        """Give the tree of the newest checked commit."""
        return {} if self._last is None else self._last.tree

    @property
    def recorded(self) -> datetime | None:
        """Give the time of the newest checked record."""
        return None if self._last is None else self._last.recorded

    def extend(self, name: Sha, source: Source) -> Entry:
        """Check the next commit and take it in.

        Raises:
            ChainError: it is wrong. The chain stays as it was.
        """
        link = self.check(name, source)
        self.accept(link)
        return link.entry

    def accept(self, link: Link) -> None:
        """Take in a commit that was checked against this very state of the chain."""
        self.index.add(link.entry)
        self._last = link

    def check(self, name: Sha, source: Source) -> Link:
        """Check the next commit.

        (1) its object is there, gives its name, and has the one form of a record's commit; (2) it is signed by a key that was
        trusted at its time, for the person it names; (3) it follows the newest commit; (4) it adds one record and nothing else;
        (5) the record is well formed; (6) the record is the next of this log and names the one before; (7) message and trailers
        say what the record says; (8) times do not run backwards; (9) its key is new, and an outcome follows its intent.

        Raises:
            ChainError: a check failed; the first one is named.
        """
        try:
            return self._checked(name, source)
        except MalformedError as error:
            raise ChainError(Problem(len(self.index), name, str(error))) from None

    def vouch(self, raw: bytes) -> commits.Commit:
        """Check a commit by itself: its form and its signature, not its place.

        Raises:
            MalformedError: it is not of the form, or not signed by a trusted key.
        """
        commit = commits.parse(raw)
        self._trust.check(payload=commit.payload, signature=commit.signature, principal=commit.email, at=commit.when)
        return commit

    def _checked(self, name: Sha, source: Source) -> Link:
        commit = self.vouch(read_object(source, name, "commit"))  # (1) (2)
        if commit.parent != self.tip:  # (3)
            raise MalformedError(f"its parent is {commit.parent or 'none'}, not {self.tip or 'none'}")
        tree = read_tree(source, commit.tree)
        path, raw = self._added(source, tree)  # (4)
        record = statement.read(raw)  # (5)
        self._check_place(record, path)  # (6)
        if commit.message != commits.message(record, digest_of(raw)):  # (7)
            raise MalformedError("subject or trailers do not say what the record says")
        self._check_time(record, commit.when)  # (8)
        entry = record.entry(raw, name)
        objection = self.index.objection(kind=entry.kind, key=entry.key, change=entry.change, run=entry.run)  # (9)
        if objection is not None:
            raise MalformedError(objection)
        return Link(entry, record.predicate.recorded_time, record.predicate.log, tree)

    def _added(self, source: Source, tree: Tree) -> tuple[str, bytes]:
        added = added_files(source, self.tree, tree)
        if self._last is None:
            for name in sorted(GENESIS_FILES & added.keys()):
                if added[name].mode != FILE:
                    raise MalformedError(f"{name} is no plain file")
                read_object(source, added.pop(name).object, "blob")
        strange = sorted(path for path in added if not path.startswith("records/"))
        if strange:
            raise MalformedError(f"it adds {strange[0]!r}, which is no record")
        if len(added) != 1:
            raise MalformedError(f"it adds {len(added)} records, not one")
        [(path, entry)] = added.items()
        if entry.mode != FILE:
            raise MalformedError(f"{path!r} has mode {entry.mode}, not that of a plain file")
        return path, read_object(source, entry.object, "blob")

    def _check_place(self, record: Statement, path: str) -> None:
        part, last = record.predicate, self.index.last
        origin = self._origin if self._last is None else self._last.origin
        if origin is not None and part.log != origin:
            raise MalformedError(f"it belongs to the log {part.log}, not to {origin}")
        if part.seq != len(self.index):
            raise MalformedError(f"it says that it is number {part.seq}")
        if part.prev != (None if last is None else last.digest):
            raise MalformedError("it does not name the digest of the record before it")
        if path != part.path:
            raise MalformedError(f"it is kept as {path!r}, not as {part.path!r}")

    def _check_time(self, record: Statement, when: datetime) -> None:
        part = record.predicate
        if part.recorded_time.replace(microsecond=0) != when:
            raise MalformedError("the commit has another time than the record")
        if self.recorded is not None and part.recorded_time < self.recorded:
            raise MalformedError("it was recorded before the record before it")
        if part.time > part.recorded_time:
            raise MalformedError("it was recorded before it happened")
