"""One stretch of a long branch, checked at a glance: what one process does while others check the next ones.

Checks all that can be seen of the stretch by itself. Whatever hangs together with the records before it is given back, for
whoever has seen those (`quick.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from countersign.adapters.ledger.bulk import read_objects
from countersign.attestation import note, statement
from countersign.attestation.glance import DoubtError, Glance, Signed, Told, digests, message
from countersign.attestation.growing import Growing
from countersign.attestation.layout import CHECKPOINT, record_path, same_hour
from countersign.attestation.objects import FILE, object_name, parse_tree
from countersign.attestation.outline import Outline, announced
from countersign.attestation.record import RecordKind
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import RunId

_ROOT_BYTES = 64
_FIRST_LOOK, _LONGEST_LOOK = 1, 256


@dataclass(frozen=True, slots=True)
class Stretch:
    """What to check: commits in order, each with its record's object and path; and how things stand before the first."""

    repository: Path
    first: int
    commits: Sequence[str]
    blobs: Sequence[str]
    paths: Sequence[str]
    before: str | None
    """The commit before the first."""
    nth: int
    """How many records of the first one's hour come before it."""
    growing: Growing
    pages: bytes
    """The entries of the pages in the root tree."""


@dataclass(slots=True)
class Found:
    """What was found good, and what it has to be held to: the first commit's and record's predecessors, the roots claimed."""

    parent: str | None = None
    prev: str | None = None
    origin: str = ""
    digest: str = ""
    settled: bool = False
    leaves: list[bytes] = field(default_factory=list)
    roots: list[bytes] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)


def check_stretch(stretch: Stretch, glance: Glance) -> Found:
    """Check a stretch.

    Raises:
        DoubtError: something in it is not as we write it; the chain has to look.
        GitFault: an object is missing or is not what its name says.
    """
    commits = [glance.commit(raw) for raw in read_objects(stretch.repository, stretch.commits, "commit")]
    found = Found(parent=None if commits[0].parent is None else commits[0].parent.decode())
    for commit, before in zip(commits[1:], stretch.commits, strict=False):
        if commit.parent != before.encode():
            raise DoubtError
    told: list[Told] = []
    for commit, raw in zip(commits, read_objects(stretch.repository, stretch.blobs, "blob"), strict=True):
        _take(found, told, commit, raw, glance)
    found.prev, found.origin = told[0].prev, told[0].log
    _check_trees(stretch, commits, told, found)
    return found


def _take(found: Found, told: list[Told], commit: Signed, raw: bytes, glance: Glance) -> None:
    one = glance.record(raw)
    last = told[-1] if told else one
    if told and (one.seq != last.seq + 1 or one.prev != found.digest or one.log != last.log or one.recorded < last.recorded):
        raise DoubtError
    found.digest, leaf = digests(raw)
    root = commit.message[-_ROOT_BYTES - 1 : -1]
    if commit.message != message(one, found.digest, "sha256:" + root.decode(errors="replace")):
        raise DoubtError
    if int(one.recorded.replace(microsecond=0).timestamp()) != commit.when:
        raise DoubtError
    try:
        signer = PublicKey(commit.key)
        body = statement.read(raw).predicate.body if one.kind is RecordKind.KEY_ROTATION else {}
        new = announced(one.kind, body, one.key, signer)
        found.roots.append(bytes.fromhex(root.decode()))
    except ValueError:
        raise DoubtError from None
    run = None if one.run is None else RunId(one.run)
    found.leaves.append(leaf)
    found.outlines.append(Outline(one.seq, one.kind, one.key, one.change, run, one.binding, one.recorded, signer, new))
    told.append(one)


def _check_trees(stretch: Stretch, commits: Sequence[Signed], told: Sequence[Told], found: Found) -> None:
    """Compute every commit's tree from the records before; where that is not it, it must be the checkpoint that is new."""
    growing, nth = stretch.growing, stretch.nth
    roots = Roots(stretch.repository, [commit.tree.decode() for commit in commits])
    now = b"" if stretch.before is None else roots.checkpoint_of(stretch.before)
    notes: list[tuple[int, str]] = []
    for at, (commit, one, path, blob) in enumerate(zip(commits, told, stretch.paths, stretch.blobs, strict=True)):
        if at:
            nth = nth + 1 if same_hour(told[at - 1].recorded, one.recorded) else 0
        if path != record_path(one.recorded, one.seq, one.id, nth):
            raise DoubtError
        _, *folders, name = path.encode().split(b"/")
        growing.put(folders, name, bytes.fromhex(blob))
        records = b"40000 records\0" + growing.name()
        if roots.name(stretch.pages, now, records) == commit.tree:
            found.settled = False
            continue
        new = roots.checkpoint_at(at)
        if new == now or roots.name(stretch.pages, new, records) != commit.tree:
            raise DoubtError
        notes.append((at, new[-20:].hex()))
        now, found.settled = new, True
    for (at, _), raw in zip(notes, read_objects(stretch.repository, [name for _, name in notes], "blob"), strict=True):
        _check_note(raw, TreeHead(told[at].log, told[at].seq + 1, found.roots[at]), found.outlines[at].signer)


def _check_note(raw: bytes, head: TreeHead, signer: PublicKey) -> None:
    try:
        read = note.parse(raw.decode())
        good = read.text == head.text and bool(read.signers([head.key(signer)]))
    except ValueError:
        raise DoubtError from None
    if not good:
        raise DoubtError


class Roots:
    """The root trees of a stretch: read only where a checkpoint is new, and more at once where that is often."""

    def __init__(self, repository: Path, trees: Sequence[str]) -> None:
        """Read from this repository."""
        self._repository = repository
        self._trees = trees
        self._read: dict[int, bytes] = {}
        self._look = _FIRST_LOOK
        self._newest = -2

    def name(self, pages: bytes, checkpoint: bytes, records: bytes) -> bytes:
        """Compute a root tree's name, in hexadecimal."""
        return object_name("tree", pages + checkpoint + records).encode()

    def checkpoint_of(self, commit: str) -> bytes:
        """Give the checkpoint's entry in the tree of a commit outside of the stretch."""
        raw = next(read_objects(self._repository, [commit], "commit"))
        tree = raw.removeprefix(b"tree ")[:40].decode(errors="replace")
        return _entry(next(read_objects(self._repository, [tree], "tree")))

    def checkpoint_at(self, at: int) -> bytes:
        """Give the checkpoint's entry in the tree of one of the stretch's commits."""
        if at not in self._read:
            self._look = min(_LONGEST_LOOK, self._look * 2) if at == self._newest + 1 else _FIRST_LOOK
            names = self._trees[at : at + self._look]
            self._read = dict(enumerate(read_objects(self._repository, names, "tree"), start=at))
        self._newest = at
        return _entry(self._read[at])


def _entry(tree: bytes) -> bytes:
    try:
        entry = parse_tree(tree).get(CHECKPOINT)
    except ValueError:
        raise DoubtError from None
    if entry is None:
        return b""
    if entry.mode != FILE:
        raise DoubtError
    return b"100644 checkpoint\0" + bytes.fromhex(entry.object)
