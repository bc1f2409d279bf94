"""Power, narrowed and recordable: what a run may reach. Never holds a secret (`credential.py` does)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, RunId, digest_of


@dataclass(frozen=True, slots=True)
class Scope:
    """One credential as the policy allows it, every placeholder filled.

    `name` is its key under `credentials`; `provider` chooses the broker; `parameters` are the provider's own words
    (role, target, …), strings only; `ttl` is in seconds.
    """

    name: str
    provider: str
    parameters: Mapping[str, str]
    ttl: int

    def document(self) -> dict[str, object]:
        """Give the scope as plain data, for records and digests."""
        return {"name": self.name, "parameters": dict(self.parameters), "provider": self.provider, "ttl": self.ttl}

    def digest(self) -> Digest:
        """Give the digest that the record keeps."""
        return digest_of(canonical_json(self.document()))


@dataclass(frozen=True, slots=True)
class Grant:
    """A minted credential without its secret: enough to find it in the target's log and to revoke it.

    `public_id` is the name by which the target logs it (a role name, an access key id). `handle` is what `revoke`
    needs; it is derived from run and scope, so that it is known even where minting was cut short.
    """

    run: RunId
    scope: Scope
    handle: str
    public_id: str
    minted: datetime
    expires: datetime


class Proof(StrEnum):
    """What was seen after revocation."""

    DEAD = "dead"
    ALIVE = "alive"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True)
class Revocation:
    """How a grant ended. `proof` says what an attempt to use it met; `detail` is the target's own answer, without secrets."""

    handle: str
    revoked: datetime
    proof: Proof
    detail: str
