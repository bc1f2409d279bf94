"""Writes what only a holder of the key could: a record that is right in everything but one, and well signed.

All else follows from the lie as it would from the truth: id, message, root, note and tree are what `compose` gives for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from countersign.adapters.catfile import CatFile
from countersign.attestation.chain import Chain
from countersign.attestation.commit import Commit, parse
from countersign.attestation.compose import compose
from countersign.attestation.keys import Signer
from countersign.attestation.record import Draft
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import Sha
from tests.support.audit import ORIGIN, PRINCIPAL, refused
from tests.support.rewriting import NEW, Branch


class _Claims:
    """A chain in all but what it claims."""

    def __init__(self, chain: Chain, claims: dict[str, object]) -> None:
        self._chain = chain
        self._claims = claims

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a chain has
        return self._claims[name] if name in self._claims else getattr(self._chain, name)


def claiming(chain: Chain, **claims: object) -> Chain:
    """Give a chain that claims this of itself, and is the given one in all else."""
    return cast("Chain", _Claims(chain, claims))


@dataclass(frozen=True, slots=True)
class TwoFaced:
    """Signs commits with one key and notes with another."""

    commits: Signer
    notes: Signer

    @property
    def public(self) -> PublicKey:
        return self.notes.public

    def sign(self, payload: bytes) -> str:
        return self.commits.sign(payload)

    def sign_raw(self, payload: bytes) -> bytes:
        return self.notes.sign_raw(payload)


def lie(
    branch: Branch,
    draft: Draft | None = None,
    *,
    later: timedelta = timedelta(seconds=1),
    origin: str = ORIGIN,
    key: Signer = NEW,
    bent: Callable[[Commit], Commit] | None = None,
    **claims: object,
) -> Sha:
    """Write a record after the newest one of the branch; give its commit.

    `claims` is what the writer claims of the log before it, `bent` what is done to the commit before it is signed.
    """
    chain = branch.chains[-1]
    assert chain.recorded is not None
    with CatFile(branch.path) as source:
        name, objects = compose(
            draft or refused("more"),
            chain=claiming(chain, **claims),
            source=source,
            origin=origin,
            recorded=chain.recorded + later,
            signer=key,
            principal=PRINCIPAL,
        )
    for kind, data in objects.values():
        branch.put(kind, data)
    if bent is None:
        return name
    commit = replace(bent(parse(objects[name][1])), signature=None)
    return branch.put("commit", replace(commit, signature=key.sign(commit.payload)).raw)


def recorded(branch: Branch, *, later: timedelta) -> datetime:
    """Give the moment so much later than the newest record."""
    newest = branch.chains[-1].recorded
    assert newest is not None
    return newest + later
