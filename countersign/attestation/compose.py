"""Makes the commit that would follow the newest one of a chain. Stores and pushes nothing, and reads no clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from countersign.attestation import statement
from countersign.attestation.chain import Chain
from countersign.attestation.commit import Commit, message
from countersign.attestation.keys import Signer
from countersign.attestation.layout import CHECKPOINT
from countersign.attestation.merkle import leaf_hash
from countersign.attestation.objects import Objects, Source, insert, object_name
from countersign.attestation.place import Place
from countersign.attestation.record import Draft
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, Sha, digest_of


def compose(  # noqa: PLR0913 - keyword-only; a commit has as many parts
    draft: Draft,
    *,
    chain: Chain,
    source: Source,
    origin: str,
    recorded: datetime,
    signer: Signer,
    principal: str,
    pages: Sequence[tuple[str, bytes]] = (),
    settle: bool = True,
) -> tuple[Sha, Objects]:
    """Give the commit's name and the objects that have to be stored for it, itself included.

    `pages` are files that the first commit alone may hold. `settle` writes the signed checkpoint: with the last of a batch.

    Raises:
        LedgerFault: the draft cannot be a record.
        MalformedError: a tree of the chain cannot be read.
    """
    place = Place(origin, chain.size, chain.digest, recorded)
    raw, record = statement.draw(draft, place)
    frontier = chain.frontier.add(leaf_hash(raw))
    note = TreeHead(origin, frontier.size, frontier.root).sign(signer.public, signer.sign_raw) if settle else None
    tree, objects = insert(
        source,
        chain.tree,
        [(chain.path(record.predicate), raw), *pages],
        anew={} if note is None else {CHECKPOINT: str(note).encode()},
    )
    unsigned = Commit(
        tree=tree,
        parent=chain.tip,
        email=principal,
        when=recorded.replace(microsecond=0),
        message=message(record, digest_of(raw), Digest("sha256:" + frontier.root.hex())),
        signature=None,
    )
    commit = replace(unsigned, signature=signer.sign(unsigned.payload)).raw
    name = object_name("commit", commit)
    objects[name] = ("commit", commit)
    return name, objects
