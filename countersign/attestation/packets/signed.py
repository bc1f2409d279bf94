"""A record as a packet holds it: its bytes and the signed commit that binds them; checked by themselves, without the branch."""

import re
from dataclasses import dataclass

from countersign.attestation import commit as commits
from countersign.attestation import statement
from countersign.attestation.commit import Commit
from countersign.attestation.keys import Trust
from countersign.attestation.sshsig import PublicKey, parse
from countersign.attestation.statement import Statement
from countersign.domain.ids import Digest, MalformedError, digest, digest_of

_SIZE = re.compile(r"\nCountersign-Size: (?P<size>[1-9][0-9]{0,9})\nCountersign-Root: (?P<root>sha256:[0-9a-f]{64})\n\Z")


@dataclass(frozen=True, slots=True)
class Head:
    """A log as a signed commit says that it was: how many records, and the Merkle root over them."""

    size: int
    root: Digest
    key: PublicKey
    principal: str

    @property
    def root_bytes(self) -> bytes:
        """Give the root as proofs take it."""
        return bytes.fromhex(self.root.removeprefix("sha256:"))


def check_commit(raw: bytes, trust: Trust) -> tuple[Commit, Head]:
    """Check a commit's form and signature; give what it says of the log.

    Raises:
        MalformedError: not a record's commit, not signed by a trusted key, or it names neither size nor root.
    """
    commit = commits.parse(raw)
    trust.check(payload=commit.payload, signature=commit.signature, principal=commit.email, at=commit.when)
    found = _SIZE.search(commit.message)
    if found is None or commit.signature is None:
        raise MalformedError("the commit names neither size nor root of the log")
    return commit, Head(int(found["size"]), digest(found["root"]), parse(commit.signature).key, commit.email)


def check_record(raw: bytes, commit_raw: bytes, trust: Trust) -> tuple[Statement, Commit, Head]:
    """Check that a signed commit binds these bytes of a record.

    Raises:
        MalformedError: the record is not of its form, the commit is not signed, or its trailers name another record.
    """
    commit, head = check_commit(commit_raw, trust)
    record = statement.read(raw)
    if commit.message != commits.message(record, digest_of(raw), head.root):
        raise MalformedError("the signed commit does not say what the record says")
    if head.size != record.predicate.seq + 1:
        raise MalformedError("the signed commit's size is not that of the record's number")
    return record, commit, head


class KeyNotGivenError(MalformedError):
    """A good signature by a key that the reader did not give: he may have another one to give, or somebody else signed."""

    def __init__(self, fingerprint: str) -> None:
        """Keep the fingerprint."""
        super().__init__(f"signed by a key that you did not give: {fingerprint}")
        self.fingerprint = fingerprint


@dataclass(frozen=True, slots=True)
class KeysAlone:
    """Trusts public keys, whoever they say that they are, at any time: for an auditor who was given keys and nothing else."""

    keys: frozenset[PublicKey]

    def check(self, *, payload: bytes, signature: str | None, principal: str, at: object) -> None:
        """Return if one of the keys signed the payload.

        Raises:
            KeyNotGivenError: another key did.
            MalformedError: it is not signed, or the signature is not over these bytes.
        """
        del principal, at
        if signature is None:
            raise MalformedError("it is not signed")
        found = parse(signature)
        if not found.check(payload):
            raise MalformedError("the signature is not over these bytes")
        if found.key not in self.keys:
            raise KeyNotGivenError(found.key.fingerprint)
