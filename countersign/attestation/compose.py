"""Makes the commit that would follow the newest one of a chain. Stores and pushes nothing, and reads no clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from countersign.attestation import statement
from countersign.attestation.chain import Chain
from countersign.attestation.commit import Commit, message
from countersign.attestation.keys import Signer
from countersign.attestation.objects import Objects, Source, insert, object_name
from countersign.attestation.record import Draft
from countersign.domain.ids import Sha, digest_of


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
) -> tuple[Sha, Objects]:
    """Give the commit's name and the objects that have to be stored for it, itself included.

    `pages` are files that the first commit alone may hold.

    Raises:
        LedgerFault: the draft cannot be a record.
        MalformedError: a tree of the chain cannot be read.
    """
    last = chain.index.last
    place = statement.Place(origin, len(chain.index), None if last is None else last.digest, recorded)
    raw = statement.write(draft, place)
    record = statement.read(raw)
    tree, objects = insert(source, chain.tree, [(record.predicate.path, raw), *pages])
    unsigned = Commit(
        tree=tree,
        parent=chain.tip,
        email=principal,
        when=recorded.replace(microsecond=0),
        message=message(record, digest_of(raw)),
        signature=None,
    )
    commit = replace(unsigned, signature=signer.sign(unsigned.payload)).raw
    name = object_name("commit", commit)
    objects[name] = ("commit", commit)
    return name, objects
