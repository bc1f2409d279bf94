"""Reads the records that the index names, from the branch itself."""

import json
from collections.abc import Iterable, Iterator

from countersign.adapters.index.row import Row
from countersign.attestation.objects import Source, read_object
from countersign.domain.ids import MalformedError, digest_of
from countersign.domain.outcomes import LedgerFault

Document = dict[str, object]


def raw_record(row: Row, source: Source) -> bytes:
    """Give a record's bytes.

    Raises:
        LedgerFault: the branch holds other bytes there than the index saw.
    """
    try:
        raw = read_object(source, row.blob, "blob")
    except MalformedError as error:
        raise LedgerFault(f"record {row.told.seq}: {error}") from None
    if digest_of(raw) != row.digest:
        raise LedgerFault(f"record {row.told.seq}: the index names another record; remove it, or name another with --index")
    return raw


def record(row: Row, source: Source) -> Document:
    """Give a record as a document."""
    document: Document = json.loads(raw_record(row, source))
    return document


def predicates(rows: Iterable[Row], source: Source) -> list[Document]:
    """Give the predicates of records: our part of them."""
    return list(each_predicate(rows, source))


def each_predicate(rows: Iterable[Row], source: Source) -> Iterator[Document]:
    """Give them one by one, for whoever keeps little of each."""
    for row in rows:
        predicate = record(row, source).get("predicate")
        yield predicate if isinstance(predicate, dict) else {}


def record_line(row: Row, source: Source) -> str:
    """Write a record as a line of JSON, as `audit log` and `show` do, which also name the key that signed it."""
    document = {
        "commit": row.commit,
        "digest": row.digest,
        "path": row.file,
        "record": record(row, source),
        "seq": row.told.seq,
    }
    return json.dumps(document, sort_keys=True)
