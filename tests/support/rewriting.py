"""Writes a real audit branch anew as somebody with a shell on its server could: objects into the store, by hand, without git."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from countersign.adapters.catfile import CatFile
from countersign.adapters.gitcmd import run_git
from countersign.adapters.ledger.pages import genesis_pages
from countersign.adapters.ledger.quick import check_quickly
from countersign.attestation.chain import Chain
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.commit import Commit, parse
from countersign.attestation.compose import compose
from countersign.attestation.history import catch_up
from countersign.attestation.index import Keys
from countersign.attestation.keys import KeySigner
from countersign.attestation.objects import ObjectKind, Objects, Overlay, object_name
from countersign.attestation.outline import Outline
from countersign.attestation.problem import ChainError, Problem
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.attestation.rotation import rotation
from countersign.domain.ids import ChangeRef, Sha, run_id
from tests.support import bodies
from tests.support.audit import CHANGE, ORIGIN, PRINCIPAL, START, Remote, intent, outcome, refused, signer, trust_root

OLD, NEW, THIEF = signer(1), signer(2), signer(66)
BOTH = trust_root(OLD, NEW)
_ASKED = Draft(RecordKind.ASSESSED, "assessed/a", "Assessed it", CHANGE, None, START, bodies.body(RecordKind.ASSESSED))
_RUNS = tuple(run_id(CHANGE, Sha(letter * 40)) for letter in "ab")
BATCHES: Sequence[Sequence[Draft]] = (
    (refused("a"),),
    (_ASKED, intent(_RUNS[0]), refused("b", summary="Refused b: ü 日本, \x1b[2J"), outcome(_RUNS[0], kind=RecordKind.FAILED)),
    (Draft(RecordKind.HEARTBEAT, "heartbeat/h", "Heartbeat", None, None, START, bodies.body(RecordKind.HEARTBEAT)),),
    (refused("c"), rotation(OLD.public, NEW.public, now=START)),
    (intent(_RUNS[1]), refused("d"), outcome(_RUNS[1]), refused("e"), replace(refused("f"), change=ChangeRef("acme/shop", 8))),
    (refused("g"), refused("h")),
    (refused("i"),),
)
"""Pushes of one and of several records, of many kinds, about changes and about none; two keys, one announced by the other."""

ENDS = frozenset(sum(map(len, BATCHES[: number + 1])) - 1 for number in range(len(BATCHES)))
"""Where a push ends: the log could have ended there."""

DRAFTS = tuple(draft for batch in BATCHES for draft in batch)
COUNT = len(DRAFTS)
_ROTATES = next(number for number, draft in enumerate(DRAFTS) if draft.kind is RecordKind.KEY_ROTATION)


def key_at(place: int) -> KeySigner:
    """Give the key that signs there."""
    return OLD if place <= _ROTATES else NEW


@dataclass(slots=True)
class Branch:
    """A branch and what it was: `commits`, oldest first, and the chain before each."""

    path: Path
    commits: list[Sha]
    chains: list[Chain] = field(default_factory=list)
    _read: dict[Sha, Commit] = field(default_factory=dict)
    _made_by: dict[Sha, tuple[int, str]] = field(default_factory=dict)

    @classmethod
    def make(cls, home: Path) -> "Branch":
        remote = Remote.make(home)
        for batch in BATCHES:
            remote.clock.step = timedelta(seconds=1300)  # some share an hour's folder, some do not
            key = key_at(DRAFTS.index(batch[0]))
            results = remote.writer(key=key, trust=BOTH, directory=home / "writer").append_all(batch)
            assert all(isinstance(result, Entry) for result in results), results
        branch = cls(remote.path, remote.commits())
        chain = Chain(trust=BOTH, records=Keys())
        with CatFile(branch.path) as source:
            for name in branch.commits:
                branch.chains.append(chain.ahead())
                chain.extend(name, source)
        branch.chains.append(chain)
        return branch

    def moved(self, name: Sha, parent: Sha | None, key: KeySigner | None) -> Sha:
        """Put a commit, as it is, onto another parent; signed anew with a key, or with its stale signature."""
        if name not in self._read:
            with CatFile(self.path) as source:
                found = source.read(name)
            assert found is not None
            self._read[name] = parse(found[1])
        commit = replace(self._read[name], parent=parent)
        if key is not None:
            commit = replace(commit, signature=key.sign(replace(commit, signature=None).payload))
        return self.put("commit", commit.raw)

    def put(self, kind: ObjectKind, data: bytes) -> Sha:
        name = object_name(kind, data)
        file = self.path / "objects" / name[:2] / name[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(f"{kind} {len(data)}\0".encode() + data, 1))
        return name

    def onto(self, parent: Sha | None, places: Iterable[int], *, sign: bool) -> list[Sha]:
        """Put records, as they are, one after the other onto another commit; sign anew with the key of each."""
        made: list[Sha] = []
        for place in places:
            parent = self.moved(self.commits[place], parent, key_at(place) if sign else None)
            made.append(parent)
        return made

    def after(self, place: int, drafts: Sequence[Draft], *, key: KeySigner | None = None) -> list[Sha]:
        """Write records that are right in everything after so many of the branch's; with the key of their place, or another."""
        chain, objects, made = self.chains[place].ahead(), Objects(), list[Sha]()
        with CatFile(self.path) as source:
            for number, draft in enumerate(drafts, start=place):
                name, new = compose(
                    draft,
                    chain=chain,
                    source=Overlay(objects, source),
                    origin=ORIGIN,
                    recorded=(chain.recorded or START) + timedelta(seconds=1),
                    signer=key or key_at(min(number, COUNT - 1)),
                    principal=PRINCIPAL,
                    pages=genesis_pages(ORIGIN) if chain.tip is None else (),
                )
                objects.update(new)
                made.append(name)
                if key is None:
                    chain.extend(name, Overlay(objects, source))
        for kind, data in objects.values():
            self.put(kind, data)
        return made

    def made_by(self) -> dict[Sha, tuple[int, str]]:
        """Tell for each object of the branch as it was with which record it came, and its kind."""
        found = self._made_by
        if found:
            return found
        for place, commit in enumerate(self.commits):
            names = run_git(["rev-list", "--objects", "--no-object-names", commit], cwd=self.path)
            for line in run_git(["cat-file", "--batch-check=%(objectname) %(objecttype)"], cwd=self.path, input=names).splitlines():
                name, kind = line.decode().split()
                found.setdefault(Sha(name), (place, kind))
        return found


def patient(path: Path, tip: Sha, seen: Sequence[Checkpoint] = ()) -> tuple[Problem | None, int]:
    """Verify as `--every-object` does; give the first problem, and how many records are good."""
    chain = Chain(trust=BOTH, records=Keys(), seen=seen)
    try:
        with CatFile(path) as source:
            catch_up(chain, source, tip)
    except ChainError as error:
        return error.problem, chain.size
    return None, chain.size


def quick(path: Path, tip: Sha, seen: Sequence[Checkpoint] = (), *, length: int = 100) -> tuple[bool, int]:
    """Verify at a glance, as long branches are; say whether all is good, and how many records it told of as good."""
    told: list[Outline] = []
    head = check_quickly(path, tip, trust=BOTH, origin=None, seen=seen, told=told.append, processes=0, length=length)
    return head is not None, len(told)


def repack(path: Path) -> None:
    """Put everything that the branch needs into one pack with deltas."""
    run_git(["repack", "-adq", "--depth=50", "--window=50"], cwd=path)
    run_git(["prune-packed", "-q"], cwd=path)
