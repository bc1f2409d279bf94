"""Reads records and takes out of them what the index keeps; a long list in two processes, since most of the time goes here."""

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from countersign.adapters.index.blobs import Listed, contents
from countersign.adapters.index.schema import COLUMNS, NAMED
from countersign.attestation.accounts.raw import raw_account
from countersign.attestation.merkle import leaf_hash
from countersign.domain.ids import Digest, digest_of
from countersign.domain.outcomes import LedgerFault

_BATCH = 2000
_LONG = 12_000
"""Records; starting processes pays from here on."""

_PROCESSES = 2


_columns, _named = attrgetter(*COLUMNS), attrgetter(*NAMED.values())


class Gleaned(NamedTuple):
    """What a record tells, as the tables take it, and the two digests of its bytes.

    Tuples of plain values: from one process to another they are handed over eight times faster than accounts.
    """

    columns: tuple[object, ...]
    named: tuple[tuple[str, ...], ...]
    words: str
    digest: Digest
    leaf: str


def glean(repository: Path, records: Sequence[Listed], *, long: int = _LONG) -> Iterator[Gleaned]:
    """Give what records tell, in order.

    Raises:
        LedgerFault: a record is missing, or is none.
        GitFault: git does not answer.
    """
    batches = [(repository, records[at : at + _BATCH]) for at in range(0, len(records), _BATCH)]
    if len(records) < long:
        for batch in batches:
            yield from _batch(batch)
        return
    try:
        with ProcessPoolExecutor(_PROCESSES, get_context("spawn"), gc.disable) as pool:
            for found in pool.map(_batch, batches):
                yield from found
    except BrokenProcessPool:
        raise LedgerFault("the index could not be made: a process of ours was ended") from None


def _batch(batch: tuple[Path, Sequence[Listed]]) -> list[Gleaned]:
    repository, records = batch
    found = []
    for item, raw in zip(records, contents(repository, records), strict=True):
        try:
            told = raw_account(raw)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise LedgerFault(f"{item.path} is no record; run: countersign audit verify") from None
        found.append(Gleaned(_columns(told), _named(told), told.words, digest_of(raw), leaf_hash(raw).hex()))
    return found
