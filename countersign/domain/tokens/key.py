"""The key that makes tokens, and what it makes of a value: the same value, the same token, within one project, class and epoch.

Whoever holds the key can confirm a guess: it is a secret like any other. Does not read files.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import NoReturn

from countersign.domain.ids import Digest, MalformedError
from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.placeholder import placeholder

SHORTEST = 32
"""Bytes."""
LAST_EPOCH = 2**31 - 1
HOW_TO_MAKE = "make one with: openssl rand -base64 32"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class TokensKey:
    """A master key and the epoch in which it is used. Never shown, pickled or compared."""

    master: bytes = field(repr=False)
    epoch: int = 1

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed.

        Raises:
            MalformedError: shorter than 32 bytes, one byte over and over, or an epoch below 1.
        """
        if len(self.master) < SHORTEST or len(set(self.master)) == 1:
            raise MalformedError(f"must hold at least {SHORTEST} random bytes; {HOW_TO_MAKE}")
        if isinstance(self.epoch, bool) or not 1 <= self.epoch <= LAST_EPOCH:
            raise MalformedError(f"the epoch must be between 1 and {LAST_EPOCH}")

    @classmethod
    def parse(cls, text: str, *, epoch: int = 1) -> "TokensKey":
        """Read a key as `openssl rand -base64 32` writes it.

        Raises:
            MalformedError: not base64, or too short.
        """
        try:
            master = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise MalformedError(f"must be base64; {HOW_TO_MAKE}") from None
        return cls(master, epoch)

    def subkey(self, project: str, kind: ValueClass) -> bytes:
        """Derive the key of one project and class in this epoch."""
        said = ["countersign tokens 1", project, kind.value, str(self.epoch)]
        return hmac.digest(self.master, "\0".join(said).encode(), "sha256")

    def token(self, project: str, kind: ValueClass, normal: str) -> str:
        """Give the placeholder of a value, which is in its normal form."""
        digest = hmac.digest(self.subkey(project, kind), normal.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return placeholder(kind, digest)

    def seal(self, project: str, digest: Digest) -> Digest:
        """Give a digest that stands for another one, and confirms no guess to whoever has not this key."""
        said = "\0".join(["countersign sealed digest 1", project, str(self.epoch), digest])
        return Digest("sha256:" + hmac.digest(self.master, said.encode(), "sha256").hex())

    def __repr__(self) -> str:
        """Show that there is one, and nothing of it."""
        return f"<TokensKey of epoch {self.epoch}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        message = "a tokens key does not leave its process"
        raise TypeError(message)
