"""SSH signatures (OpenSSH's PROTOCOL.sshsig) over Ed25519, made and checked in process.

What this makes, stock `git verify-commit` and `ssh-keygen -Y verify` accept, and what ssh-keygen makes, this accepts. It is
stricter than they are: there is one way to write a signature, so nobody can change a byte of one that stands, and no point of it is
of small order. Checks with libsodium what OpenSSL signs: neither is alone believed, and it is the faster of the two at that. Does
not say whose a key is (`keys.py`).
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from countersign.domain.ids import MalformedError

NAMESPACE = "git"
_MAGIC = b"SSHSIG"
_VERSION = 1
_KEY_TYPE = b"ssh-ed25519"
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n"
LINE = 70
_LIMIT = 4096


@dataclass(frozen=True, slots=True, order=True)
class PublicKey:
    """An Ed25519 public key: its 32 bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        """Check the length.

        Raises:
            MalformedError: not 32 bytes.
        """
        if len(self.raw) != _KEY_BYTES:
            raise MalformedError("an Ed25519 public key has 32 bytes")

    @property
    def blob(self) -> bytes:
        """Give the key as SSH writes it on the wire (RFC 8709)."""
        return _string(_KEY_TYPE) + _string(self.raw)

    @property
    def line(self) -> str:
        """Give the key as files of public keys hold it."""
        return f"ssh-ed25519 {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """Give the name by which `ssh-keygen -l` shows it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @classmethod
    def from_line(cls, line: str) -> "PublicKey":
        """Read a key as files of public keys hold it; a comment may follow.

        Raises:
            MalformedError: not one Ed25519 key.
        """
        kind, _, rest = line.strip().partition(" ")
        try:
            key = cls.from_blob(base64.b64decode(rest.partition(" ")[0], validate=True))
        except ValueError:
            raise MalformedError("not one Ed25519 public key") from None
        if kind != _KEY_TYPE.decode() or not line.startswith(key.line):
            raise MalformedError("not one Ed25519 public key")
        return key

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Say whether this is the key's bare Ed25519 signature over these bytes."""
        if len(signature) != _SIGNATURE_BYTES:
            return False
        try:
            crypto_sign_open(signature + message, self.raw)
        except BadSignatureError:
            return False
        return True

    @classmethod
    def from_blob(cls, blob: bytes) -> "PublicKey":
        """Read a key as SSH writes it on the wire.

        Raises:
            MalformedError: another type of key, or not exactly one key.
        """
        reader = _Reader(blob)
        if reader.string() != _KEY_TYPE:
            raise MalformedError("only Ed25519 keys are accepted")
        key = cls(reader.string())
        reader.end()
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """A parsed signature. Says nothing yet: `check` does."""

    key: PublicKey
    hash_name: bytes
    signature: bytes

    def check(self, message: bytes) -> bool:
        """Say whether this key made this signature over this message, in git's namespace."""
        return self.key.verify(self.signature, signed(message, self.hash_name))


def sign(message: bytes, key: PublicKey, sign_raw: Callable[[bytes], bytes]) -> str:
    """Sign a message in git's namespace and give the armored signature. `sign_raw` is the private key's own operation."""
    return _armored(before_signature(key, b"sha512") + sign_raw(signed(message, b"sha512")))


@lru_cache(maxsize=16)  # it is asked twice about each
def parse(armored: str) -> Signature:
    """Read an armored signature.

    Raises:
        MalformedError: not exactly one signature over git's namespace by an Ed25519 key, written as OpenSSH writes it.
    """
    if len(armored) > _LIMIT or not armored.startswith(_BEGIN) or not armored.endswith(_END):
        raise MalformedError("not an SSH signature")
    try:
        blob = base64.b64decode(armored[len(_BEGIN) : -len(_END)].replace("\n", ""), validate=True)
    except ValueError:
        raise MalformedError("the signature is not base64") from None
    before, signature = blob[:-_SIGNATURE_BYTES], blob[-_SIGNATURE_BYTES:]
    key, hash_name = _before(before)
    if _armored(blob) != armored:
        raise MalformedError("the signature is not written as OpenSSH writes it")
    return Signature(key, hash_name, signature)


@lru_cache(maxsize=64)  # the same for all that a key signs
def _before(blob: bytes) -> tuple[PublicKey, bytes]:
    """Read what comes before the last 64 bytes, which must be the signature's own: the key, and the name of the hash.

    Raises:
        MalformedError: as `parse` says.
    """
    reader = _Reader(blob + bytes(_SIGNATURE_BYTES))
    if reader.take(len(_MAGIC)) != _MAGIC or reader.number() != _VERSION:
        raise MalformedError("not an SSH signature of version 1")
    key = PublicKey.from_blob(reader.string())
    namespace, reserved, hash_name = reader.string(), reader.string(), reader.string()
    inner = _Reader(reader.string())
    reader.end()
    if namespace != NAMESPACE.encode():
        raise MalformedError("the signature is for another use than git")
    if reserved or hash_name not in HASHES:
        raise MalformedError("the signature names a hash that is not accepted")
    if inner.string() != _KEY_TYPE:
        raise MalformedError("the signature is of another type than its key")
    signature = inner.string()
    inner.end()
    if len(signature) != _SIGNATURE_BYTES:
        raise MalformedError("an Ed25519 signature has 64 bytes")
    return key, hash_name


@lru_cache(maxsize=64)
def before_signature(key: PublicKey, hash_name: bytes) -> bytes:
    """Give the bytes of a signature that come before its last 64: the same for all that this key signs."""
    inner = _string(_KEY_TYPE) + _string(bytes(_SIGNATURE_BYTES))
    parts = (_string(key.blob), _string(NAMESPACE.encode()), _string(b""), _string(hash_name), _string(inner))
    return b"".join((_MAGIC, _VERSION.to_bytes(4), *parts))[:-_SIGNATURE_BYTES]


def signed(message: bytes, hash_name: bytes) -> bytes:
    """Give the bytes that a signature over this message is over."""
    return _BEFORE_DIGEST[hash_name] + HASHES[hash_name](message).digest()


def _armored(blob: bytes) -> str:
    text = base64.b64encode(blob).decode()
    return _BEGIN + "".join(f"{text[at : at + LINE]}\n" for at in range(0, len(text), LINE)) + _END


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


_BEFORE_DIGEST = {
    name: b"".join((_MAGIC, _string(NAMESPACE.encode()), _string(b""), _string(name), make().digest_size.to_bytes(4)))
    for name, make in HASHES.items()
}
"""What a signature is over, up to the message's digest: the same for all messages (PROTOCOL.sshsig, section 3)."""


class _Reader:
    """Takes apart what RFC 4251 puts together. Never reads past the end, and `end` insists on having come there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise MalformedError("the signature or key is cut short")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self) -> int:
        return int.from_bytes(self.take(4))

    def string(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self._at != len(self._data):
            raise MalformedError("something follows the signature or key")
