"""How a new signing key is announced: in the log, by the key that has signed it so far.

The trust root outside decides whom to believe, and from when to when. The announcement shows that whoever held the old key
brought in the new one: a key that signs without having been announced is told of (`watch.py`), and is for people to look into.
"""

from collections.abc import Mapping
from datetime import datetime

from countersign.attestation.record import Draft, RecordKind
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import MalformedError, digest_of


def rotation(old: PublicKey, new: PublicKey, *, now: datetime) -> Draft:
    """Announce a key. The record must be signed by the old one."""
    return Draft(
        kind=RecordKind.KEY_ROTATION,
        key=f"key_rotation/{digest_of(new.blob)}",
        summary=f"Brought in signing key {new.fingerprint}, announced by {old.fingerprint}",
        change=None,
        run=None,
        time=now,
        body={"new": {"fingerprint": new.fingerprint, "key": new.line}, "old": {"fingerprint": old.fingerprint, "key": old.line}},
        subject=(("key", {"sha256": digest_of(new.blob).removeprefix("sha256:")}),),
    )


def announced(body: Mapping[str, object], *, key: str, signed_by: PublicKey) -> PublicKey:
    """Give the key that a rotation's body announces.

    Raises:
        MalformedError: it is not of the form, is another key than the record's key says, or was not signed by the old one.
    """
    old, new = (_key(body.get(which)) for which in ("old", "new"))
    if old != signed_by:
        raise MalformedError("a key is announced by the one that signs until then, and this record is signed by another")
    if new == old or key != f"key_rotation/{digest_of(new.blob)}":
        raise MalformedError("the record announces another key than it names, or the same once more")
    return new


def _key(part: object) -> PublicKey:
    line = part.get("key") if isinstance(part, Mapping) else None
    key = PublicKey.from_line(line if isinstance(line, str) else "")
    if key.line != line:
        raise MalformedError("a key rotation names its keys as `ssh-ed25519 AAAA…`, without a comment")
    return key
