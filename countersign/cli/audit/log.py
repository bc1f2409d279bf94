"""`countersign audit log` and `show`: the records as they are, one line each or in full."""

import argparse
import json
from pathlib import PurePosixPath

from countersign.attestation import statement
from countersign.attestation.record import Entry
from countersign.cli import Commands
from countersign.cli.audit.action import add_action, count
from countersign.cli.audit.reading import read
from countersign.domain.ids import MalformedError


def register(actions: Commands) -> None:
    """Add both."""
    log = add_action(actions, "log", "list the records, oldest first", _log)
    log.add_argument("-n", type=count, metavar="COUNT", help="only as many, the newest")
    show = add_action(actions, "show", "show one record, or all records of a run", _show)
    show.add_argument("id", metavar="ID", help="number, ULID, run id or key of a record")


def _log(options: argparse.Namespace) -> int:
    reading = read(options)
    chosen = reading.entries if options.n is None else reading.entries[-options.n :]
    if options.format == "json":
        for entry in chosen:
            print(_json(entry))
    elif chosen:
        rows = [_row(entry) for entry in chosen]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
        for row in rows:
            print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]))
    reading.warn()
    return reading.status


def _show(options: argparse.Namespace) -> int:
    reading = read(options)
    wanted: str = options.id
    found = [entry for entry in reading.entries if wanted in {str(entry.seq), entry.key, entry.run, _ulid(entry)}]
    for entry in found:
        if options.format == "json":
            print(_json(entry))
        else:
            print(f"record  {entry.seq}\ncommit  {entry.commit}\npath    {entry.path}\ndigest  {entry.digest}\n")
            print(entry.raw.decode())
    reading.warn()
    if not found:
        raise MalformedError(f"no record {wanted}: give a number, a ULID, a run id or a key, as `countersign audit log` lists them")
    return reading.status


def _ulid(entry: Entry) -> str:
    return PurePosixPath(entry.path).stem.partition("-")[2]


def _row(entry: Entry) -> tuple[str, ...]:
    part = statement.read(entry.raw).predicate
    return (f"{part.time:%Y-%m-%d %H:%M:%S}Z", str(entry.seq), entry.kind.value, str(entry.change or "-"), part.summary)


def _json(entry: Entry) -> str:
    record = json.loads(entry.raw)
    document = {"commit": entry.commit, "digest": entry.digest, "path": entry.path, "record": record, "seq": entry.seq}
    return json.dumps(document, sort_keys=True)
