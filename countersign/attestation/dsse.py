"""DSSE v1 envelopes over Ed25519: how a record leaves the branch, for tools that know nothing of git.

The signature is over the payload's bytes and type, so no tool has to write JSON as we do. A key is named by its SSH fingerprint
(`SHA256:…`, as `ssh-keygen -l` shows it); the name helps to find the key and is never believed. Does not say whose a key is.
"""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import MalformedError

IN_TOTO = "application/vnd.in-toto+json"
"""The payload's type: an in-toto Statement."""

_LIMIT = 1024 * 1024
_TYPE_LIMIT = 256


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and signatures over it, each with the name of its key. Says nothing yet: `signers` does."""

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[str, bytes], ...]

    def signers(self, keys: Iterable[PublicKey]) -> frozenset[PublicKey]:
        """Give those of the keys that signed."""
        signed = pae(self.payload_type, self.payload)
        return frozenset(key for key in keys if any(key.verify(signature, signed) for _, signature in self.signatures))

    def dump(self) -> bytes:
        """Write it as JSON."""
        document = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [{"keyid": name, "sig": base64.b64encode(signature).decode()} for name, signature in self.signatures],
        }
        return json.dumps(document, sort_keys=True, indent=2).encode() + b"\n"


def pae(payload_type: str, payload: bytes) -> bytes:
    """Give the bytes that are signed: type and payload, each with its length, so that one cannot run into the other."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, key: PublicKey, sign_raw: Callable[[bytes], bytes], *, payload_type: str = IN_TOTO) -> Envelope:
    """Sign a payload. `sign_raw` is the private key's own operation."""
    return Envelope(payload, payload_type, ((key.fingerprint, sign_raw(pae(payload_type, payload))),))


def load(raw: bytes) -> Envelope:
    """Read an envelope. Unknown fields are ignored, as the specification asks; nothing in them is signed.

    Raises:
        MalformedError: not an envelope with a payload and at least one signature.
    """
    if len(raw) > _LIMIT:
        raise MalformedError("the envelope is larger than 1 MiB")
    try:
        document: object = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise MalformedError("the envelope is not UTF-8 JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("signatures"), list):
        raise MalformedError("the envelope has no signatures")
    kind = document.get("payloadType")
    if not isinstance(kind, str) or not 0 < len(kind) <= _TYPE_LIMIT:
        raise MalformedError("the envelope does not say the payload's type")
    signatures = tuple(_signature(item) for item in document["signatures"])
    if not signatures:
        raise MalformedError("the envelope is not signed")
    return Envelope(_bytes(document.get("payload")), kind, signatures)


def _signature(item: object) -> tuple[str, bytes]:
    name = item.get("keyid", "") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(name, str):
        raise MalformedError("a signature of the envelope is not of its form")
    return name, _bytes(item.get("sig"))


def _bytes(text: object) -> bytes:
    """Read base64, either alphabet, as the specification asks."""
    if not isinstance(text, str):
        raise MalformedError("the envelope lacks payload or signature")
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/").encode("ascii"), validate=True)
    except ValueError:
        raise MalformedError("payload or signature is not base64") from None
