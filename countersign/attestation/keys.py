"""Who may sign the log, from when to when; and the hand that signs.

The trust root is a file of the form `allowed_signers` (ssh-keygen(1)), narrowed to what an audit branch needs, so that stock git
takes the same file: one plain principal a line, `namespaces="git"`, times in UTC. It comes from outside of the branch that it
judges. Unlike a reader that shrugs, this one refuses a file that holds anything it does not understand.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countersign.attestation import sshsig
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import Digest, MalformedError, digest_of

_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,62}@[A-Za-z0-9][A-Za-z0-9.-]{0,190}")
_OPTION = re.compile(r'(?P<name>[a-z-]+)="(?P<value>[^"]*)"(?:,|$)')
_TIMES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_DIGITS = re.compile(r"\d{8}(\d{4}(\d\d)?)?Z", re.ASCII)
_LIMIT = 1024 * 1024
_WORDS = 4


class Trust(Protocol):
    """Judges signatures."""

    def check(self, *, payload: bytes, signature: str | None, principal: str, at: datetime) -> None:
        """Return if the principal signed the payload with a key that was good at this moment (UTC).

        Raises:
            MalformedError: not signed, not by this principal, or not with a key that was good then; the text says which.
        """
        ...


class Signer(Protocol):
    """Signs. The private key stays inside, or in a service behind it."""

    @property
    def public(self) -> PublicKey:
        """Give the public key."""
        ...

    def sign(self, payload: bytes) -> str:
        """Sign the payload in git's namespace; give the armored SSH signature."""
        ...

    def sign_raw(self, payload: bytes) -> bytes:
        """Sign the bytes as they are (Ed25519): for notes and envelopes, whose bytes no SSH signature is ever over."""
        ...


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that may sign as a principal, within a window (both ends included, None: open)."""

    principal: str
    key: PublicKey
    valid_after: datetime | None
    valid_before: datetime | None

    def valid(self, at: datetime) -> bool:
        """Say whether the key may sign at this moment. The bounds are ssh-keygen's."""
        return (self.valid_after is None or at >= self.valid_after) and (self.valid_before is None or at <= self.valid_before)


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """The keys that may sign a log. Never empty."""

    keys: tuple[TrustedKey, ...]

    @classmethod
    def parse(cls, text: str) -> "TrustRoot":
        """Read an allowed-signers file.

        Raises:
            MalformedError: it trusts nobody, or holds something that is not understood; the text names the line.
        """
        if len(text) > _LIMIT:
            raise MalformedError("the trust root is larger than 1 MiB")
        keys = tuple(_keys(text))
        if not keys:
            raise MalformedError("the trust root names no key; with it nothing can be believed")
        return cls(keys)

    @property
    def fingerprint(self) -> Digest:
        """Give a digest of who is trusted and when: another one wherever a signature may be judged otherwise."""
        return digest_of("\n".join(sorted(map(repr, self.keys))).encode())

    def principals(self, key: PublicKey, at: datetime) -> frozenset[str]:
        """Give those as whom the key may sign at this moment."""
        return frozenset(trusted.principal for trusted in self.keys if trusted.key == key and trusted.valid(at))

    def check(self, *, payload: bytes, signature: str | None, principal: str, at: datetime) -> None:
        """Return if the principal signed the payload with a key that was good at this moment.

        Raises:
            MalformedError: not so; the text says why.
        """
        if signature is None:
            raise MalformedError("it is not signed")
        found = sshsig.parse(signature)
        key = found.key
        if not found.check(payload):
            raise MalformedError("the signature is not over these bytes")
        if not any(trusted.key == key for trusted in self.keys):
            raise MalformedError(f"signed by {key.fingerprint}, a key that the trust root does not name")
        principals = self.principals(key, at)
        if not principals:
            raise MalformedError(f"signed by {key.fingerprint}, which was not valid at {at:%Y-%m-%d %H:%M:%S} UTC")
        if principal not in principals:
            raise MalformedError(f"signed by {key.fingerprint}, which is not {principal}'s key")


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Signs with a private key in this process's memory."""

    private: Ed25519PrivateKey
    public: PublicKey = field(init=False)

    def __post_init__(self) -> None:
        """Derive the public key, once: it is asked for with every signature."""
        object.__setattr__(self, "public", PublicKey(self.private.public_key().public_bytes_raw()))

    def __repr__(self) -> str:
        """Show the public half only."""
        return f"KeySigner({self.public.fingerprint})"

    def sign(self, payload: bytes) -> str:
        """Sign the payload in git's namespace; give the armored SSH signature."""
        return sshsig.sign(payload, self.public, self.private.sign)

    def sign_raw(self, payload: bytes) -> bytes:
        """Sign the bytes as they are."""
        return self.private.sign(payload)


def load_signer(pem: bytes) -> Signer:
    """Load a private key in OpenSSH's format, without passphrase, as `ssh-keygen -t ed25519 -N ''` writes it.

    Raises:
        MalformedError: not such a key. The text says what to do and holds nothing of the key.
    """
    try:
        key = serialization.load_ssh_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise MalformedError("not an OpenSSH private key without passphrase; make one with: ssh-keygen -t ed25519 -N ''") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise MalformedError("the signing key must be Ed25519; make one with: ssh-keygen -t ed25519 -N ''")
    return KeySigner(key)


def _keys(text: str) -> Iterator[TrustedKey]:
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.removesuffix("\r").split(maxsplit=_WORDS)
        if not words or words[0].startswith("#"):
            continue
        try:
            yield _trusted(words)
        except MalformedError as error:
            raise MalformedError(f"trust root, line {number}: {error}") from None


def _trusted(words: list[str]) -> TrustedKey:
    if len(words) < _WORDS:
        raise MalformedError('write: name@host namespaces="git" ssh-ed25519 AAAA…')
    principal, options, kind, encoded = words[:_WORDS]
    if not _PRINCIPAL.fullmatch(principal):
        raise MalformedError("the principal must be one plain name@host, without wildcards")
    if kind != "ssh-ed25519":
        raise MalformedError("only ssh-ed25519 keys are accepted")
    found = _options(options)
    if found.get("namespaces") != sshsig.NAMESPACE:
        raise MalformedError('the option namespaces="git" is missing, or names something else')
    try:
        key = PublicKey.from_blob(base64.b64decode(encoded, validate=True))
    except ValueError:
        raise MalformedError("the key is not one Ed25519 public key in base64") from None
    after, before = (_moment(name, found.get(name)) for name in ("valid-after", "valid-before"))
    if after is not None and before is not None and after > before:
        raise MalformedError("the key is valid at no time")
    return TrustedKey(principal, key, after, before)


def _options(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        option = _OPTION.match(text, at)
        if option is None or option["name"] not in {"namespaces", "valid-after", "valid-before"}:
            raise MalformedError("only the options namespaces, valid-after and valid-before are understood, each in quotes")
        if option["name"] in found:
            raise MalformedError(f"the option {option['name']} is given twice")
        found[option["name"]] = option["value"]
        at = option.end()
    if text.endswith(","):
        raise MalformedError("the options end in a comma")
    return found


def _moment(name: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    if not _DIGITS.fullmatch(value):
        raise MalformedError(f"{name} must be a time in UTC such as 20260131Z or 20260131235959Z")
    digits = value.removesuffix("Z")
    try:
        return datetime.strptime(digits, _TIMES[len(digits)]).replace(tzinfo=UTC)
    except ValueError:
        raise MalformedError(f"{name} is no date") from None
