"""A log in memory with real bytes and real signatures, to be tampered with object by object."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from countersign.attestation.chain import Chain
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.commit import Commit, parse
from countersign.attestation.compose import compose
from countersign.attestation.history import catch_up
from countersign.attestation.index import LogIndex
from countersign.attestation.keys import KeySigner, TrustRoot
from countersign.attestation.objects import Objects, object_name
from countersign.attestation.problem import ChainError, Problem
from countersign.attestation.record import Draft
from countersign.domain.ids import Sha
from tests.support.audit import ORIGIN, PRINCIPAL, TickingClock, signer, trust_root

PAGES = [("README.md", b"Read me.\n"), ("FORMAT.md", b"Format.\n")]


@dataclass(slots=True)
class MemorySource:
    """Objects in a dictionary."""

    objects: dict[Sha, tuple[str, bytes]] = field(default_factory=dict)

    def read(self, name: Sha) -> tuple[str, bytes] | None:
        return self.objects.get(name)


@dataclass(slots=True)
class MemoryLog:
    """Commits by name, oldest first; `made[i]` are the objects that came with record i."""

    key: KeySigner = field(default_factory=signer)
    trust: TrustRoot = field(default_factory=trust_root)
    source: MemorySource = field(default_factory=MemorySource)
    commits: list[Sha] = field(default_factory=list)
    made: list[Objects] = field(default_factory=list)
    clock: TickingClock = field(default_factory=TickingClock)

    @classmethod
    def of(cls, drafts: Iterable[Draft]) -> "MemoryLog":
        log = cls()
        chain = Chain(trust=log.trust, records=LogIndex(), origin=ORIGIN)
        for draft in drafts:
            log.add(chain, draft)
        return log

    def add(self, chain: Chain, draft: Draft) -> None:
        name, objects = compose(
            draft,
            chain=chain,
            source=self.source,
            origin=ORIGIN,
            recorded=self.clock(),
            signer=self.key,
            principal=PRINCIPAL,
            pages=() if chain.tip else PAGES,
        )
        self.source.objects.update(objects)
        self.commits.append(name)
        self.made.append({key: value for key, value in objects.items() if not any(key in earlier for earlier in self.made)})
        chain.extend(name, self.source)

    def put(self, kind: str, data: bytes) -> Sha:
        name = object_name(kind, data)  # type: ignore[arg-type]  # tests also store what no kind allows
        self.source.objects[name] = (kind, data)
        return name

    def commit(self, seq: int) -> Commit:
        return parse(self.source.objects[self.commits[seq]][1])

    def write(self, commit: Commit, *, key: KeySigner | None = None) -> Sha:
        """Store a commit, signed by the key; without one, with the signature that it has."""
        signed = commit if key is None else replace(commit, signature=key.sign(replace(commit, signature=None).payload))
        return self.put("commit", signed.raw)

    def onto(self, parent: Sha, seqs: Iterable[int], *, key: KeySigner | None = None) -> Sha:
        """Put records, as they are, onto another parent; sign anew if there is a key."""
        for seq in seqs:
            parent = self.write(replace(self.commit(seq), parent=parent), key=key)
        return parent

    def problem(self, tip: Sha | None = None, *, trust: TrustRoot | None = None, seen: Sequence[Checkpoint] = ()) -> Problem | None:
        """Verify as an auditor does."""
        chain = Chain(trust=trust or self.trust, records=LogIndex(), seen=seen)
        try:
            catch_up(chain, self.source, tip or self.commits[-1])
        except ChainError as error:
            return error.problem
        return None
