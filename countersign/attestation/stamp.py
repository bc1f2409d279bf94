"""Timestamps (RFC 3161) of a log's head, kept in the log: an authority outside saw the log at this size, no later than it says.

Whoever holds the signing key can write any log, with any dates. Nobody but the authority can make a stamp with a date that is past:
a log written anew has none for the time before. `countersign.adapters.stamping` makes them and asks whether they are good.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from countersign.attestation import statement
from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import MalformedError, digest_of

PREFIX = "annotation/timestamp-"
"""How the keys of their records begin; the log's size follows."""

MAX_TOKEN = 32 * 1024
"""Bytes: with the certificates of the authority it has to fit into a record."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A head of the log, and the authority's token (DER) over its three lines."""

    head: TreeHead
    token: bytes

    def draft(self, *, authority: str, stamped: datetime, now: datetime) -> Draft:
        """Put it on the record. `authority` is where it was got; `stamped` is the time that it gives."""
        text = self.head.text.encode()
        return Draft(
            kind=RecordKind.ANNOTATION,
            key=f"{PREFIX}{self.head.size}",
            summary=f"Timestamped {self.head.size} records: they existed by {stamped:%Y-%m-%d %H:%M:%S} UTC",
            change=None,
            run=None,
            time=now,
            body={
                "ocsf": ocsf(RecordKind.ANNOTATION),
                "timestamp": {
                    "authority": authority,
                    "head": self.head.text,
                    "token": base64.b64encode(self.token).decode(),
                    "time": stamped.isoformat(),
                },
            },
            subject=(("checkpoint", {"sha256": digest_of(text).removeprefix("sha256:")}),),
        )

    @classmethod
    def read(cls, body: Mapping[str, object], *, key: str) -> "Stamp":
        """Read a record's body. Says nothing of whether the stamp is good.

        Raises:
            MalformedError: it holds none, or one of another size than the record's key says.
        """
        told = body.get("timestamp")
        head, token = (told.get("head"), told.get("token")) if isinstance(told, Mapping) else (None, None)
        if not isinstance(head, str) or not isinstance(token, str):
            raise MalformedError("it holds no timestamp of a head and a token")
        try:
            stamp = cls(TreeHead.parse(head), base64.b64decode(token, validate=True))
        except ValueError as error:
            raise MalformedError(str(error) if isinstance(error, MalformedError) else "its token is not base64") from None
        if not stamp.head.size or key != f"{PREFIX}{stamp.head.size}":
            raise MalformedError("its timestamp is of another size than its key says")
        return stamp


def head_after(newest: Entry) -> TreeHead:
    """Give the head of the log that ends with a checked record."""
    root = bytes.fromhex(newest.root.removeprefix("sha256:"))
    return TreeHead(statement.read(newest.raw).predicate.log, newest.seq + 1, root)
