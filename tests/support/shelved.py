"""Puts a whole log that a benchmark wrote onto a shelf, without checking it: all that counts is how much is there."""

from collections.abc import Sequence

from countersign.adapters.ledger.shelf import Shelf
from countersign.attestation.chain import Point
from countersign.attestation.record import Entry
from countersign.domain.ids import Digest, Sha
from tests.support.audit import refused

_NO_DIGEST = Digest("sha256:" + "0" * 64)


def fill(shelf: Shelf, commits: Sequence[str], newest: Point) -> None:
    """Keep a record for each commit, under the keys that `refused` gives to numbers."""
    with shelf.turn():
        for seq, commit in enumerate(commits):
            draft = refused(str(seq))
            shelf.add(
                Entry(
                    seq=seq,
                    kind=draft.kind,
                    key=draft.key,
                    change=draft.change,
                    run=None,
                    time=draft.time,
                    body={},
                    raw=commit.encode(),  # the shelf keeps no text, only the name of an object
                    digest=_NO_DIGEST,
                    commit=Sha(commit),
                    path=f"records/2026/03/01/12/{seq:010d}-{'0' * 26}.json",
                    root=_NO_DIGEST,
                )
            )
        shelf.keep(newest)
