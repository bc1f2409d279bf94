"""Writes long logs quickly: real records, real signatures, packs of its own making. For benchmarks and for tests of readers.

Makes byte for byte what `compose` makes, without checking what it made: `test_fast_log` holds the two against each other.
"""

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from pydantic_core import to_json

from countersign.adapters.gitcmd import run_git
from countersign.adapters.ledger.pages import genesis_pages
from countersign.attestation.commit import Commit
from countersign.attestation.keys import KeySigner
from countersign.attestation.layout import CHECKPOINT, record_path
from countersign.attestation.merkle import Frontier, leaf_hash
from countersign.attestation.naming import named
from countersign.attestation.objects import FILE, FOLDER
from countersign.attestation.place import Place, record_id
from countersign.attestation.record import AUDIT_BRANCH, PREDICATE_TYPE, STATEMENT_TYPE, Draft, Entry, RecordKind
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, RunId, Sha, digest_of
from countersign.domain.neutral import title
from tests.support.audit import ORIGIN, PRINCIPAL, signer
from tests.support.history import Make

_TYPES = {"commit": 1, "tree": 2, "blob": 3}
_PACK = 4000
"""Records a pack."""


def _sorted(value: object) -> object:
    match value:
        case dict():
            return {key: _sorted(value[key]) for key in sorted(value)}
        case list() | tuple():
            return [_sorted(item) for item in value]
        case _:
            return value


@dataclass(slots=True)
class FastLog:
    """A branch of a bare repository that grows."""

    repository: Path
    key: KeySigner = field(default_factory=signer)
    count: int = 0
    tip: Sha | None = None
    intents: dict[RunId, Entry] = field(default_factory=dict)
    _prev: Digest | None = None
    _folders: list[tuple[str, bytes]] = field(default_factory=list)
    _parts: list[bytes] = field(default_factory=list)
    _objects: int = 0
    _pages: bytes = b""
    _checkpoint: bytes = b""
    _hour: str = ""
    _nth: int = 0
    _frontier: Frontier = field(default_factory=Frontier)

    @classmethod
    def make(cls, repository: Path) -> "FastLog":
        run_git(["init", "--quiet", "--bare", str(repository)], cwd=repository.parent)
        return cls(repository)

    def write_drafts(self, drafts: Iterable[Draft]) -> int:
        """Write these, each at its own time."""
        return self.write((draft.time, partial(_as_it_is, draft)) for draft in drafts)

    def write(self, events: Iterable[tuple[datetime, Make]], *, limit: int | None = None) -> int:
        """Write events until there are `limit` records; point the branch at the newest."""
        waiting: tuple[datetime, Make] | None = None
        for event in events:
            if waiting is not None:
                self._add(waiting, settle=False)
            waiting = event
            if self.count % _PACK == 0:
                self._flush()
            if self.count + 1 == limit:
                break
        if waiting is not None:
            self._add(waiting, settle=True)
        self._flush()
        run_git(["update-ref", f"refs/heads/{AUDIT_BRANCH}", str(self.tip)], cwd=self.repository)
        return self.count

    def _add(self, event: tuple[datetime, Make], *, settle: bool) -> None:
        recorded = event[0]
        self._nth = self._nth + 1 if self._hour == f"{recorded:%Y%m%d%H}" else 0
        self._hour = f"{recorded:%Y%m%d%H}"
        draft = event[1](self.intents)
        place = Place(ORIGIN, self.count, self._prev, recorded)
        identifier = record_id(place, draft.key)
        summary = title(draft.summary)
        subject = draft.subject or (("key", {"sha256": hashlib.sha256(draft.key.encode()).hexdigest()}),)
        document = {
            "_type": STATEMENT_TYPE,
            "predicateType": PREDICATE_TYPE,
            "subject": [{"name": name, "digest": dict(digests)} for name, digests in subject],
            "predicate": {
                "v": 1,
                "log": ORIGIN,
                "seq": self.count,
                "id": identifier,
                "prev": self._prev,
                "time": f"{draft.time:%Y-%m-%dT%H:%M:%S.%fZ}",
                "recorded_time": f"{recorded:%Y-%m-%dT%H:%M:%S.%fZ}",
                "kind": draft.kind.value,
                "key": draft.key,
                "run_id": draft.run,
                "change": None if draft.change is None else {"repository": draft.change.project, "iid": draft.change.iid},
                "summary": summary,
                "body": draft.body,
            },
        }
        raw = to_json(_sorted(document), indent=2) + b"\n"
        digest = digest_of(raw)
        path = record_path(recorded, self.count, identifier, self._nth)
        self._frontier = self._frontier.add(leaf_hash(raw))
        if settle:
            note = TreeHead(ORIGIN, self._frontier.size, self._frontier.root).sign(self.key.public, self.key.sign_raw)
            self._checkpoint = f"{FILE} {CHECKPOINT}\0".encode() + bytes.fromhex(self._object("blob", str(note).encode()))
        root = Digest(f"sha256:{self._frontier.root.hex()}")
        before = {
            "Seq": str(self.count),
            "Id": identifier,
            "Kind": draft.kind.value,
            "Key": draft.key,
            "Run": draft.run or "none",
            "Change": str(draft.change or "none"),
        }
        after = {"Origin": ORIGIN, "Record": digest, "Previous": self._prev or "none", "Size": str(self.count + 1), "Root": root}
        first, last = ("".join(f"Countersign-{name}: {told}\n" for name, told in part.items()) for part in (before, after))
        message = f"{summary}\n\n{first}{named(draft.body).trailers}{last}"
        unsigned = Commit(self._tree(path, raw), self.tip, PRINCIPAL, recorded.replace(microsecond=0), message, None)
        signed = Commit(unsigned.tree, self.tip, PRINCIPAL, unsigned.when, message, self.key.sign(unsigned.payload))
        self.tip = self._object("commit", signed.raw)
        if draft.kind is RecordKind.INTENT and draft.run is not None:
            self.intents[draft.run] = Entry(
                self.count,
                draft.kind,
                draft.key,
                draft.change,
                draft.run,
                draft.time,
                draft.body,
                raw,
                digest,
                self.tip,
                path,
                root,
            )
        elif draft.run is not None:
            self.intents.pop(draft.run, None)
        self._prev, self.count = digest, self.count + 1

    def _tree(self, path: str, raw: bytes) -> Sha:
        """Put a file at the end of the newest folders: names only ever grow, so a tree is what it was, and one entry more."""
        *folders, name = path.split("/")
        for depth, folder in enumerate(folders):
            if depth >= len(self._folders) or self._folders[depth][0] != folder:
                self._folders[depth:] = [(later, b"") for later in folders[depth:]]
                break
        below, mode = self._object("blob", raw), FILE
        for depth in range(len(folders) - 1, -1, -1):
            folder, whole = self._folders[depth]
            entry = f"{mode} {name}\0".encode() + bytes.fromhex(below)
            rest = whole[: -len(entry)] if mode == FOLDER and whole[-len(entry) : -20] == entry[:-20] else whole
            self._folders[depth] = (folder, rest + entry)
            below, mode, name = self._object("tree", rest + entry), FOLDER, folder
        if not self._pages:
            self._pages = b"".join(
                f"{FILE} {page}\0".encode() + bytes.fromhex(self._object("blob", data)) for page, data in genesis_pages(ORIGIN)
            )
        return self._object("tree", self._pages + self._checkpoint + f"{FOLDER} records\0".encode() + bytes.fromhex(below))

    def _object(self, kind: str, data: bytes) -> Sha:
        size, first = len(data) >> 4, _TYPES[kind] << 4 | len(data) & 15
        header = bytearray()
        while size:
            header.append(first | 128)
            first, size = size & 127, size >> 7
        header.append(first)
        self._parts += (bytes(header), zlib.compress(data, 1))
        self._objects += 1
        return Sha(hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest())

    def _flush(self) -> None:
        if not self._objects:
            return
        body = b"".join([b"PACK", (2).to_bytes(4), self._objects.to_bytes(4), *self._parts])
        run_git(
            ["index-pack", "--stdin", "--threads=2"],
            cwd=self.repository,
            input=body + hashlib.sha1(body, usedforsecurity=False).digest(),
        )
        self._parts, self._objects = [], 0


def _as_it_is(draft: Draft, _: object) -> Draft:
    return draft
