"""`countersign audit schema`: the JSON Schema of a record, for independent readers, and the page of its fields, for people."""

import argparse
import sys
from pathlib import Path

from countersign.attestation.fields import FIELD_PAGE, field_page
from countersign.attestation.schema import RECORD_SCHEMA, record_schema
from countersign.cli import Commands
from countersign.cli.audit.action import guarded
from countersign.domain.ids import MalformedError


def register(actions: Commands) -> None:
    """Add the action."""
    parser = actions.add_parser(
        "schema", help="print the JSON Schema of a record", description="Print the JSON Schema of a record."
    )
    parser.add_argument("--fields", action="store_true", help="instead, the page that names every field, for people")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help=f"write {RECORD_SCHEMA} ({FIELD_PAGE}) into a folder instead")
    parser.set_defaults(run=lambda options: guarded(_schema, options))


def _schema(options: argparse.Namespace) -> int:
    folder: Path | None = options.write
    name, text = (FIELD_PAGE, field_page()) if options.fields else (RECORD_SCHEMA, record_schema())
    if folder is None:
        sys.stdout.write(text)
        return 0
    try:
        (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise MalformedError(f"{folder / name} cannot be written: {error.strerror}") from None
    return 0
