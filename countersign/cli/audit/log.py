"""`countersign audit log` and `show`: the records as they are, one line each or in full."""

import argparse
import json
import sys
from pathlib import PurePosixPath

from countersign.attestation import statement
from countersign.attestation.record import Entry, RecordKind
from countersign.cli import Commands
from countersign.cli.audit.action import add_action, count
from countersign.cli.audit.reading import Reading, read
from countersign.cli.table import Brush, Cell, Style
from countersign.domain.ids import MalformedError

_LOOKS = {
    RecordKind.REFUSED: Style.BAD,
    RecordKind.FAILED: Style.BAD,
    RecordKind.LOST: Style.BAD,
    RecordKind.EXECUTED: Style.GOOD,
}


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
            print(_json(entry, reading))
    elif chosen:
        print("\n".join(Brush.of(sys.stdout).table(map(_row, chosen))))
    reading.warn()
    return reading.status


def _show(options: argparse.Namespace) -> int:
    reading = read(options)
    wanted: str = options.id
    found = [entry for entry in reading.entries if wanted in {str(entry.seq), entry.key, entry.run, _ulid(entry)}]
    for entry in found:
        if options.format == "json":
            print(_json(entry, reading))
        else:
            signer = _signer(entry, reading) or "not checked"
            print(f"record  {entry.seq}\ncommit  {entry.commit}\nsigner  {signer}\npath    {entry.path}\ndigest  {entry.digest}\n")
            print(entry.raw.decode())
    reading.warn()
    if not found:
        raise MalformedError(f"no record {wanted}: give a number, a ULID, a run id or a key, as `countersign audit log` lists them")
    return reading.status


def _ulid(entry: Entry) -> str:
    return PurePosixPath(entry.path).stem.partition("-")[2]


def _row(entry: Entry) -> tuple[Cell | str, ...]:
    part = statement.read(entry.raw).predicate
    kind = Cell(entry.kind.value, _LOOKS.get(entry.kind, Style.PLAIN))
    return (f"{part.time:%Y-%m-%d %H:%M:%S}Z", str(entry.seq), kind, str(entry.change or "-"), part.summary)


def _signer(entry: Entry, reading: Reading) -> str | None:
    key = reading.keys[entry.seq]
    return None if key is None else key.fingerprint


def _json(entry: Entry, reading: Reading) -> str:
    document = {
        "commit": entry.commit,
        "digest": entry.digest,
        "path": entry.path,
        "record": json.loads(entry.raw),
        "seq": entry.seq,
        "signer": _signer(entry, reading),
    }
    return json.dumps(document, sort_keys=True)
