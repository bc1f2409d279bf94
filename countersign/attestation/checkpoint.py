"""What somebody saw of a log once: the way to notice that its end was cut off, or that it was rewritten.

Every signature in a log that was shortened is still good, so the log alone cannot show it. Does not store anything.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from countersign.attestation import note
from countersign.attestation.keys import TrustRoot
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, MalformedError, digest

_WRITTEN = r"(?P<size>[1-9][0-9]{0,9})@(?P<root>sha256:[0-9a-f]{64})"
_TEXT = re.compile(_WRITTEN)
_SAID = re.compile(rf"^[ \t>]*(?:[Cc]heckpoint: )?`?{_WRITTEN}`?(?: .*)?\r?$", re.MULTILINE)
"""A line that says a checkpoint, in a comment that was copied or quoted, or in what a command printed."""


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
            raise MalformedError("a checkpoint is written as 42@sha256:…, as `countersign audit verify` prints it")
        return cls(int(found["size"]), digest(found["root"]))

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

    Lines that say a checkpoint are believed, since they come from whoever asks: bare ones, those that `countersign audit verify`
    prints, those of runners' comments on merge requests, whatever stands around them. A note may have lain where others write: it
    must be signed by a key of the trust root, whatever the key's window, since a note bears no time.

    Raises:
        MalformedError: neither, or a note that nobody trusted signed.
    """
    said = [Checkpoint(int(found["size"]), digest(found["root"])) for found in _SAID.finditer(text)]
    if said:
        return said, None
    if "\n" not in text.strip():
        return [Checkpoint.parse(text.strip())], None
    read = note.parse(text)
    head = TreeHead.parse(read.text)
    if not read.signers({head.key(trusted.key) for trusted in trust.keys}):
        raise MalformedError("the checkpoint is not signed by a key that the trust root names")
    found = Checkpoint.of(head)
    if found is None or found.size == 0:
        raise MalformedError("a checkpoint of an empty log shows nothing")
    return [found], head.origin
