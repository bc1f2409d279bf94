"""`countersign audit schema`: the JSON Schema of a record, for independent readers."""

import argparse
import sys
from pathlib import Path

from countersign.attestation.schema import RECORD_SCHEMA, record_schema
from countersign.cli import Commands
from countersign.cli.audit.action import guarded
from countersign.domain.ids import MalformedError


def register(actions: Commands) -> None:
    """Add the action."""
    parser = actions.add_parser(
        "schema", help="print the JSON Schema of a record", description="Print the JSON Schema of a record."
    )
    parser.add_argument("--write", type=Path, metavar="FOLDER", help=f"write {RECORD_SCHEMA} into a folder instead")
    parser.set_defaults(run=lambda options: guarded(_schema, options))


def _schema(options: argparse.Namespace) -> int:
    folder: Path | None = options.write
    if folder is None:
        sys.stdout.write(record_schema())
        return 0
    try:
        (folder / RECORD_SCHEMA).write_text(record_schema(), encoding="utf-8")
    except OSError as error:
        raise MalformedError(f"{folder / RECORD_SCHEMA} cannot be written: {error.strerror}") from None
    return 0
