"""Checks the audit branch, commit by commit, and says which record is the first wrong one and why.

Does not read git; give it the objects. Believes nothing but the bytes, the names computed from them, and a trust root from outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from countersign.attestation import commit as commits
from countersign.attestation import rotation, sshsig, statement
from countersign.attestation.checkpoint import Checkpoint, roots_by_size
from countersign.attestation.contents import added_record, settles
from countersign.attestation.index import Keys, Records, objection
from countersign.attestation.keys import Trust
from countersign.attestation.layout import record_path, same_hour
from countersign.attestation.merkle import Frontier, leaf_hash
from countersign.attestation.objects import Source, Tree, read_object, read_tree
from countersign.attestation.problem import ChainError, Problem
from countersign.attestation.record import Entry, RecordKind
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.statement import Predicate, Statement
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, MalformedError, Sha, digest_of


@dataclass(frozen=True, slots=True)
class Point:
    """A place in a log: all that the next commit is checked against, besides the records' keys."""

    commit: Sha
    digest: Digest
    recorded: datetime
    origin: str
    tree: Tree
    frontier: Frontier
    nth: int
    """How many records of the same hour come before."""
    settled: bool
    """Whether the commit holds the signed checkpoint of its own size: the last of a batch does."""


@dataclass(frozen=True, slots=True)
class Link:
    """One checked commit, ready to be taken in."""

    entry: Entry
    point: Point
    key: PublicKey | None
    """The key that signed it; None where nobody looks at signatures."""


class Chain:
    """A log as far as it was checked."""

    def __init__(
        self,
        *,
        trust: Trust,
        records: Records,
        origin: str | None = None,
        seen: Sequence[Checkpoint] = (),
        newest: Point | None = None,
    ) -> None:
        """Begin before the first record, or after `newest`, which was checked before and whose records are in `records`.

        Without an origin, the first record's is every record's. `seen` is what somebody saw of this log before.
        """
        self.records = records
        self._trust = trust
        self._origin = origin
        self._seen = roots_by_size(seen)
        self._last = newest

    @property
    def newest(self) -> Point | None:
        """Give the place up to which the log was checked; None before the first record."""
        return self._last

    @property
    def size(self) -> int:
        """Count the checked records."""
        return self.frontier.size

    @property
    def tip(self) -> Sha | None:
        """Give the newest checked commit; None before the first."""
        return None if self._last is None else self._last.commit

    @property
    def digest(self) -> Digest | None:
        """Give the newest checked record's digest."""
        return None if self._last is None else self._last.digest

    @property
    def tree(self) -> Tree:
        """Give the tree of the newest checked commit."""
        return {} if self._last is None else self._last.tree

    @property
    def recorded(self) -> datetime | None:
        """Give the time of the newest checked record."""
        return None if self._last is None else self._last.recorded

    @property
    def frontier(self) -> Frontier:
        """Give what is needed to grow the Merkle tree over the checked records."""
        return Frontier() if self._last is None else self._last.frontier

    @property
    def head(self) -> TreeHead | None:
        """Give name, size and root of what was checked; None before the first record."""
        return None if self._last is None else TreeHead(self._last.origin, self.size, self.frontier.root)

    def path(self, part: Predicate) -> str:
        """Give the place of the record that would be the next."""
        return record_path(part.recorded_time, part.seq, part.id, self._nth(part.recorded_time))

    def ahead(self) -> "Chain":
        """Give a chain that goes on from here by itself: what it takes in, this one does not."""
        return Chain(
            trust=self._trust,
            records=Keys(self.records),
            origin=self._origin,
            seen=tuple(Checkpoint(size, root) for size, roots in self._seen.items() for root in roots),
            newest=self._last,
        )

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
        self.records.add(link.entry)
        self._last = link.point

    def check(self, name: Sha, source: Source) -> Link:
        """Check the next commit.

        (1) its object is there, gives its name, and has the one form of a record's commit; (2) it is signed by a key that was
        trusted at its time, for the person it names; (3) it follows the newest commit; (4) it adds one record and nothing else,
        but may write the checkpoint anew; (5) the record is well formed; (6) the record is the next of this log, names the one
        before, and lies where it should; (7) message and trailers say what the record says, and the Merkle root over all
        records; (8) times do not run backwards; (9) its key is new, an outcome follows its intent, a new signing key is
        announced by the old one; (10) the checkpoint is of this size and root, signed by the commit's key; (11) the root is the
        one that somebody saw at this size.

        Raises:
            ChainError: a check failed; the first one is named.
        """
        try:
            return self._checked(name, source)
        except MalformedError as error:
            raise ChainError(Problem(self.size, name, str(error))) from None

    def end(self) -> None:
        """Say that no commit follows.

        Raises:
            ChainError: one must have: the last of a batch has a checkpoint, and somebody saw a longer log.
        """
        longest = max(self._seen, default=0)
        if longest > self.size:
            why = f"the log ends at record {self.size - 1}" if self.size else "the log is empty"
            missing = f"it is missing: {why}, but record {longest - 1} was seen before; the tail was cut off"
            raise ChainError(Problem(self.size, None, missing))
        if self._last is not None and not self._last.settled:
            why = f"it is missing: record {self.size - 1} has no checkpoint, so a batch goes on after it; the tail was cut off"
            raise ChainError(Problem(self.size, None, why))

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
        path, raw = added_record(source, self.tree, tree, first=self._last is None)  # (4)
        record = statement.read(raw)  # (5)
        self._check_place(record, path)  # (6)
        part, frontier = record.predicate, self.frontier.add(leaf_hash(raw))
        head = TreeHead(part.log, frontier.size, frontier.root)
        root = Digest("sha256:" + head.root.hex())
        if commit.message != commits.message(record, digest_of(raw), root):  # (7)
            raise MalformedError("subject or trailers do not say what the record says, or not the root over all records")
        self._check_time(record, commit.when)  # (8)
        entry = record.entry(raw, commit=name, path=path, root=root)
        wrong = objection(self.records, kind=entry.kind, key=entry.key, change=entry.change, run=entry.run)  # (9)
        if wrong is not None:
            raise MalformedError(wrong)
        key = None if commit.signature is None else sshsig.parse(commit.signature).key
        if entry.kind is RecordKind.KEY_ROTATION and key is not None:
            rotation.announced(entry.body, key=entry.key, signed_by=key)
        settled = settles(source, self.tree, tree, key, head)  # (10)
        if self._seen.get(frontier.size, {root}) != {root}:  # (11)
            raise MalformedError("the log is not the one that was seen at this size before: it was rewritten here or earlier")
        nth = self._nth(part.recorded_time)
        return Link(entry, Point(name, entry.digest, part.recorded_time, part.log, tree, frontier, nth, settled), key)

    def _check_place(self, record: Statement, path: str) -> None:
        part = record.predicate
        origin = self._origin if self._last is None else self._last.origin
        if origin is not None and part.log != origin:
            raise MalformedError(f"it belongs to the log {part.log}, not to {origin}")
        if part.seq != self.size:
            raise MalformedError(f"it says that it is number {part.seq}")
        if part.prev != self.digest:
            raise MalformedError("it does not name the digest of the record before it")
        if path != self.path(part):
            raise MalformedError(f"it is kept as {path!r}, not as {self.path(part)!r}")

    def _check_time(self, record: Statement, when: datetime) -> None:
        part = record.predicate
        if part.recorded_time.replace(microsecond=0) != when:
            raise MalformedError("the commit has another time than the record")
        if self.recorded is not None and part.recorded_time < self.recorded:
            raise MalformedError("it was recorded before the record before it")
        if part.time > part.recorded_time:
            raise MalformedError("it was recorded before it happened")

    def _nth(self, recorded: datetime) -> int:
        last = self._last
        return last.nth + 1 if last is not None and same_hour(last.recorded, recorded) else 0
