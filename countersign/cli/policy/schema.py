"""`countersign policy schema`: the JSON Schema of policies, for editors."""

import argparse
import sys
from pathlib import Path

from countersign.cli import Commands
from countersign.cli.policy import action
from countersign.domain.ids import MalformedError
from countersign.domain.schema import POLICY_SCHEMA, policy_schema

_STATUS = """\
  0  it is written
  2  the command line is wrong, or the folder cannot be written
"""


def register(actions: Commands) -> None:
    """Add the action."""
    parser = action.add(actions, "schema", "print the policy's JSON Schema, for editors", _schema, _STATUS)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help=f"write {POLICY_SCHEMA} into a folder instead")


def _schema(options: argparse.Namespace) -> int:
    folder: Path | None = options.write
    if folder is None:
        sys.stdout.write(policy_schema())
        return action.FINE
    try:
        (folder / POLICY_SCHEMA).write_text(policy_schema())
    except OSError as error:
        raise MalformedError(f"{folder}: {error.strerror}") from None
    return action.FINE
