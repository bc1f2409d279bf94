"""The one form that a commit of the audit branch has: parsed strictly, written exactly.

Whatever a commit could say besides what ours say (a second parent, an encoding, an author who is not the committer, a time
zone) is refused, so that nothing can hide in it. The message follows from the record to the letter. Does not check signatures.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from countersign.attestation.statement import Statement
from countersign.domain.ids import Digest, MalformedError, Sha, sha

NAME = "Countersign"
_COMMIT = re.compile(
    r"tree (?P<tree>[0-9a-f]{40})\n"
    r"(?:parent (?P<parent>[0-9a-f]{40})\n)?"
    r"author (?P<author>[^\n]*)\n"
    r"committer (?P<committer>[^\n]*)\n"
    r"(?:gpgsig (?P<signature>[^\n]*(?:\n [^\n]*)*)\n)?"
    r"\n"
    r"(?P<message>.*)",
    re.DOTALL,
)
_WHO = re.compile(NAME + r" <(?P<email>[A-Za-z0-9._+@-]+)> (?P<when>[1-9][0-9]{0,11}) \+0000")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. `when` is in whole seconds, UTC; `signature` is armored, None where the commit is not signed."""

    tree: Sha
    parent: Sha | None
    email: str
    when: datetime
    message: str
    signature: str | None

    @property
    def payload(self) -> bytes:
        """Give the bytes that the signature is over: the commit without it."""
        return self._head().encode() + f"\n{self.message}".encode()

    @property
    def raw(self) -> bytes:
        """Give the object's bytes."""
        if self.signature is None:
            return self.payload
        lines = self.signature.removesuffix("\n").replace("\n", "\n ")
        return f"{self._head()}gpgsig {lines}\n\n{self.message}".encode()

    def _head(self) -> str:
        who = f"{NAME} <{self.email}> {int(self.when.timestamp())} +0000"
        parent = "" if self.parent is None else f"parent {self.parent}\n"
        return f"tree {self.tree}\n{parent}author {who}\ncommitter {who}\n"


def parse(raw: bytes) -> Commit:
    """Read a commit's bytes.

    Raises:
        MalformedError: not a commit as this module writes it.
    """
    try:
        found = _COMMIT.fullmatch(raw.decode())
    except UnicodeDecodeError:
        raise MalformedError("the commit is not UTF-8") from None
    if found is None:
        raise MalformedError("the commit has other headers than a record's, or more than one parent")
    who = _WHO.fullmatch(found["committer"])
    if who is None or found["author"] != found["committer"]:
        raise MalformedError(f"author and committer are not both {NAME}, with an address and a time in UTC")
    signature = found["signature"]
    try:
        commit = Commit(
            tree=sha(found["tree"]),
            parent=None if found["parent"] is None else sha(found["parent"]),
            email=who["email"],
            when=datetime.fromtimestamp(int(who["when"]), UTC),
            message=found["message"],
            signature=None if signature is None else signature.replace("\n ", "\n") + "\n",
        )
    except (ValueError, OverflowError, OSError):
        raise MalformedError("the commit's time cannot be a time") from None
    if commit.raw != raw:
        raise MalformedError("the commit is not written as a record's commit is")
    return commit


def message(record: Statement, digest: Digest, root: Digest) -> str:
    """Give the message that goes with a record: its sentence, and trailers to search by and to bind record and log under SHA-256.

    git reaches the record through SHA-1 alone; the signed trailers do not rely on it. `root` is the Merkle root over all
    records up to this one.
    """
    part = record.predicate
    change = "none" if part.change is None else str(part.change.ref)
    return (
        f"{part.summary}\n\nCountersign-Seq: {part.seq}\nCountersign-Id: {part.id}\nCountersign-Kind: {part.kind}\n"
        f"Countersign-Key: {part.key}\nCountersign-Run: {part.run_id or 'none'}\nCountersign-Change: {change}\n"
        f"{part.named.trailers}Countersign-Origin: {part.log}\nCountersign-Record: {digest}\n"
        f"Countersign-Previous: {part.prev or 'none'}\nCountersign-Size: {part.seq + 1}\nCountersign-Root: {root}\n"
    )
