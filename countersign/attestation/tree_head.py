"""How large a log was and what was in it, in three lines (C2SP tlog-checkpoint): name, number of records, Merkle root.

As a signed note it is what the branch keeps in the file `checkpoint`, and what is left in second places.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from countersign.attestation import note
from countersign.attestation.note import Note, NoteKey
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import MalformedError

_HASH_BYTES = 32
_TEXT = re.compile(r"(?P<origin>[\x21-\x2a\x2c-\x7e]{1,255})\n(?P<size>0|[1-9][0-9]{0,9})\n(?P<root>[A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The state of a log: its name, how many records it has, and the root of the Merkle tree over them."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Check the parts.

        Raises:
            MalformedError: one of them cannot be written.
        """
        if len(self.root) != _HASH_BYTES or not _TEXT.fullmatch(self.text):
            raise MalformedError("not the head of a log: a name without blanks and plus signs, a size, a SHA-256")

    @property
    def text(self) -> str:
        """Write it, as the text of a note."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "TreeHead":
        """Read a note's text. Lines after the third are refused: ours have none.

        Raises:
            MalformedError: not of the form.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise MalformedError("not a log's checkpoint: three lines, with the log's name, its size and its root in base64")
        head = cls(found["origin"], int(found["size"]), base64.b64decode(found["root"]))
        if head.text != text:
            raise MalformedError("the checkpoint's root is not written as base64 is")
        return head

    def key(self, public: PublicKey) -> NoteKey:
        """Give the key under the name by which it signs for this log: the log's own."""
        return NoteKey(self.origin, public)

    def sign(self, public: PublicKey, sign_raw: Callable[[bytes], bytes]) -> Note:
        """Sign it as a note. `sign_raw` is the private key's own operation."""
        return note.sign(self.text, self.key(public), sign_raw)
