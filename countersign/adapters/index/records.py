"""Reads the records that the index names, from the branch itself."""

import json
from collections.abc import Iterator, Sequence

from countersign.adapters.catfile import CatFile, Found
from countersign.adapters.index.row import Row
from countersign.domain.ids import digest_of
from countersign.domain.outcomes import LedgerFault

Document = dict[str, object]


def raw_record(row: Row, source: CatFile) -> bytes:
    """Give a record's bytes.

    Raises:
        LedgerFault: the branch holds other bytes there than the index saw, or none.
    """
    return _checked(row, source.read(row.blob))


def record(row: Row, source: CatFile) -> Document:
    """Give a record as a document."""
    return _document(raw_record(row, source))


def predicates(rows: Sequence[Row], source: CatFile) -> list[Document]:
    """Give the predicates of records: our part of them."""
    return list(each_predicate(rows, source))


def each_predicate(rows: Sequence[Row], source: CatFile) -> Iterator[Document]:
    """Give them one by one, for whoever keeps little of each. Until the last is taken, the source reads nothing else."""
    for row, found in zip(rows, source.each([row.blob for row in rows]), strict=True):
        predicate = _document(_checked(row, found)).get("predicate")
        yield predicate if isinstance(predicate, dict) else {}


def _checked(row: Row, found: Found) -> bytes:
    if found is None or found[0] != "blob":
        raise LedgerFault(f"record {row.told.seq}: blob {row.blob} is missing or cannot be read")
    if digest_of(found[1]) != row.digest:
        raise LedgerFault(f"record {row.told.seq}: the index names another record; remove it, or name another with --index")
    return found[1]


def _document(raw: bytes) -> Document:
    document: Document = json.loads(raw)
    return document


def record_line(row: Row, source: CatFile) -> str:
    """Write a record as a line of JSON, as `audit log` and `show` do, which also name the key that signed it."""
    document = {
        "commit": row.commit,
        "digest": row.digest,
        "path": row.file,
        "record": record(row, source),
        "seq": row.told.seq,
    }
    return json.dumps(document, sort_keys=True)
