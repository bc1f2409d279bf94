"""Reads records and takes out of them what the index keeps; a long list in two processes, since most of the time goes here."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from countersign.adapters.index.blobs import Listed, contents
from countersign.adapters.index.schema import COLUMNS, NAMED
from countersign.attestation.accounts.raw import raw_account
from countersign.attestation.merkle import leaf_hash
from countersign.domain.ids import Digest, digest_of
from countersign.domain.outcomes import GitFault, LedgerFault

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
    if len(records) < long:
        yield from _gleaned(repository, records)
        return
    batches = [records[at : at + _BATCH] for at in range(0, len(records), _BATCH)]
    with ExitStack() as stack:
        others = [stack.enter_context(_other(repository, batches[first::_PROCESSES])) for first in range(_PROCESSES)]
        for number in range(len(batches)):
            yield from taken(others[number % _PROCESSES])


def _gleaned(repository: Path, records: Sequence[Listed]) -> Iterator[Gleaned]:
    for item, raw in zip(records, contents(repository, records), strict=True):
        try:
            told = raw_account(raw)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise LedgerFault(f"{item.path} is no record; run: countersign audit verify") from None
        yield Gleaned(_columns(told), _named(told), told.words, digest_of(raw), leaf_hash(raw).hex())


@contextmanager
def _other(repository: Path, batches: Sequence[Sequence[Listed]]) -> Iterator[Connection]:
    """Start a process that gleans batches, one after the other, with one git; give the end where they come out."""
    context = get_context("spawn")
    out, into = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(into, repository, batches), daemon=True)
    process.start()
    into.close()  # it is theirs; so that we are told when they are gone
    try:
        yield out
    finally:
        process.terminate()
        process.join()
        out.close()


def _work(into: Connection, repository: Path, batches: Sequence[Sequence[Listed]]) -> None:
    gc.disable()
    found = _gleaned(repository, [item for batch in batches for item in batch])
    try:
        for batch in batches:
            into.send(list(islice(found, len(batch))))
    except (LedgerFault, GitFault) as fault:
        into.send(fault)


def taken(out: Connection) -> list[Gleaned]:
    """Give the next batch of another process.

    Raises:
        LedgerFault: it could not be read, or the process is gone.
        GitFault: git does not answer.
    """
    try:
        batch: list[Gleaned] | LedgerFault | GitFault = out.recv()
    except (EOFError, OSError):  # the latter where it ended in the middle of a batch
        raise LedgerFault("the index could not be made: a process of ours was ended") from None
    if isinstance(batch, list):
        return batch
    raise batch
