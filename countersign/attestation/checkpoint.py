"""What somebody saw of a log once: the way to notice that its end was cut off, or that it was rewritten.

Every signature in a log that was shortened is still good, so the log alone cannot show it. Does not store anything.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from countersign.attestation import comment, note
from countersign.attestation.keys import TrustRoot
from countersign.attestation.merkle import tree_root
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, MalformedError, digest
from countersign.domain.neutral import IN_A_CHECKPOINT

_TEXT = re.compile(comment.WRITTEN)
_FORM = "a checkpoint is written as 42@sha256:…, as `countersign audit verify` prints it"
_SAID = re.compile(rf"(?<![\w.:/+-]){comment.WRITTEN}(?!\w)")
"""A checkpoint among other words and marks, as commands and notes have it; not an image such as `postgres:16@sha256:…`."""
_SIGNED = re.compile(r"^[ \t>]*\u2014 \S+ [A-Za-z0-9+/]+=*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What somebody saw: a log of this size, with this Merkle root over its records. Keep it out of the log's writers' reach."""

    size: int
    root: Digest

    def __str__(self) -> str:
        """Write it on one line."""
        return f"{self.size}@{self.root}"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read what `str` wrote.

        Raises:
            MalformedError: not of that form.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise MalformedError(_FORM)
        return cls(int(found["size"]), digest(found["root"]))

    @classmethod
    def over(cls, leaves: Sequence[bytes]) -> "Checkpoint | None":
        """Make the one of a log with these leaf hashes; None of an empty one."""
        return cls(len(leaves), Digest("sha256:" + tree_root(leaves).hex())) if leaves else None

    @classmethod
    def of(cls, head: TreeHead | None) -> "Checkpoint | None":
        """Take one of a checked log; None while it is empty."""
        return None if head is None else cls(head.size, Digest("sha256:" + head.root.hex()))


def roots_by_size(seen: Iterable[Checkpoint]) -> dict[int, set[Digest]]:
    """Give the roots that were seen, by the size that the log had. Two of one size cannot both be the log's."""
    found: dict[int, set[Digest]] = {}
    for item in seen:
        found.setdefault(item.size, set()).add(item.root)
    return found


def seen(text: str, trust: TrustRoot) -> tuple[list[Checkpoint], str | None]:
    """Read what somebody kept; give what it says of the log, and the log that it names, if it is a note.

    Those that are written out are believed, since they come from whoever asks, wherever they stand: bare, as `countersign audit
    verify` prints them, in a sentence. None is passed over, since it may be the one that does not fit. Of a runner's comment
    that has its marker the last line is read and nothing else, since an agent chooses words in it (`comment`). A note may have lain
    where others write: it must be signed by a key of the trust root, whatever the key's window, since a note bears no time.

    Raises:
        MalformedError: neither, both, a place that looks like a checkpoint and is none, half a comment, or a note that nobody
            trusted signed.
    """
    kept = comment.without_words(text).text
    said = {found.end("size"): Checkpoint(int(found["size"]), digest(found["root"])) for found in _SAID.finditer(kept)}
    for place in IN_A_CHECKPOINT.finditer(kept):
        if place.start() not in said:
            line = kept.count("\n", 0, place.start()) + 1
            raise MalformedError(f"line {line}: looks like a checkpoint, which is written as 42@sha256:… with 64 small hex digits")
    if said and _SIGNED.search(kept):
        raise MalformedError("checkpoints and a signed note: give each for itself")
    if said:
        return list(said.values()), None
    if "\n" not in text.strip():
        raise MalformedError(_FORM)
    read = note.parse(text)
    head = TreeHead.parse(read.text)
    if not read.signers({head.key(trusted.key) for trusted in trust.keys}):
        raise MalformedError("the checkpoint is not signed by a key that the trust root names")
    found = Checkpoint.of(head)
    if found is None or found.size == 0:
        raise MalformedError("a checkpoint of an empty log shows nothing")
    return [found], head.origin
