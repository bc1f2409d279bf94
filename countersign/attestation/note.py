"""Signed notes (C2SP signed-note) over Ed25519: a few lines of text that people, witnesses and programs read alike.

Does not say whose a key is, and does not know what the text means (`tree_head.py` does).
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import MalformedError

_ED25519 = b"\x01"
_HASH_BYTES = 4
_MARK = "\u2014 "
_NAME = re.compile(r"[^\s+\x00-\x20]{1,255}")
_LINE = re.compile(_MARK + r"(?P<name>[^\s+]{1,255}) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_VERIFIER = re.compile(r"(?P<name>[^\s+]{1,255})\+(?P<hash>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LIMIT = 64 * 1024
_MOST = 100


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key and the name under which it signs notes."""

    name: str
    key: PublicKey

    def __post_init__(self) -> None:
        """Check the name.

        Raises:
            MalformedError: empty, or with a blank or a plus.
        """
        if not _NAME.fullmatch(self.name):
            raise MalformedError("the name of a note's key must be without blanks and plus signs")

    @property
    def hash(self) -> bytes:
        """Give the four bytes by which a signature finds its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key.raw).digest()[:_HASH_BYTES]

    def __str__(self) -> str:
        """Write it as others take it: `name+hash+key`."""
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(_ED25519 + self.key.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> "NoteKey":
        """Read what `str` wrote.

        Raises:
            MalformedError: not a verifier's key for Ed25519, or its hash is another's.
        """
        found = _VERIFIER.fullmatch(text)
        raw = b"" if found is None else _base64(found["key"])
        if found is None or raw[:1] != _ED25519:
            raise MalformedError("not a note's key: name+hash+key, Ed25519")
        key = cls(found["name"], PublicKey(raw[1:]))
        if str(key) != text:
            raise MalformedError("the note key's hash is another key's, or its base64 is not as it should be")
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note: the key's name and hash, and what it signed with."""

    name: str
    hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ending in a newline, and the signatures below it. Says nothing yet: `signers` does."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Write it."""
        lines = (f"{_MARK}{item.name} {base64.b64encode(item.hash + item.signature).decode()}\n" for item in self.signatures)
        return f"{self.text}\n{''.join(lines)}"

    def signers(self, keys: Iterable[NoteKey]) -> frozenset[NoteKey]:
        """Give those of the keys that signed. Signatures of other keys are passed over: witnesses add theirs.

        Raises:
            MalformedError: a signature says that it is one of these keys', and is not.
        """
        found: set[NoteKey] = set()
        for key in keys:
            for item in self.signatures:
                if (item.name, item.hash) != (key.name, key.hash):
                    continue
                if not key.key.verify(item.signature, self.text.encode()):
                    raise MalformedError(f"the note's signature by {key.name} is not over its text")
                found.add(key)
        return frozenset(found)


def sign(text: str, key: NoteKey, sign_raw: Callable[[bytes], bytes]) -> Note:
    """Sign a text. `sign_raw` is the private key's own operation.

    Raises:
        MalformedError: the text cannot be a note's.
    """
    _check_text(text)
    return Note(text, (Signature(key.name, key.hash, sign_raw(text.encode())),))


def parse(raw: str) -> Note:
    """Read a note.

    Raises:
        MalformedError: not a text, a blank line and at least one signature, written as `str` writes them.
    """
    if len(raw) > _LIMIT:
        raise MalformedError("the note is larger than 64 KiB")
    text, blank, below = raw.rpartition("\n\n")
    text += "\n"
    _check_text(text)
    lines = below.split("\n")
    if not blank or lines.pop() or not 0 < len(lines) <= _MOST:
        raise MalformedError("the note has no signatures, too many, or none that ends in a newline")
    note = Note(text, tuple(map(_signature, lines)))
    if str(note) != raw:
        raise MalformedError("the note is not written as notes are")
    return note


def _check_text(text: str) -> None:
    if not text.endswith("\n") or text == "\n" or _CONTROL.search(text):
        raise MalformedError("a note's text ends in a newline and holds no control characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedError("a note's text is UTF-8") from None


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    raw = b"" if found is None else _base64(found["signature"])
    if found is None or len(raw) <= _HASH_BYTES:
        raise MalformedError("a line below the note is no signature")
    return Signature(found["name"], raw[:_HASH_BYTES], raw[_HASH_BYTES:])


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise MalformedError("a note's key or signature is not base64") from None
