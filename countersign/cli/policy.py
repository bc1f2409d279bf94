"""`countersign policy`: checks a policy file and writes its JSON Schema. Needs no network."""

import argparse
import json
import sys
from pathlib import Path

from countersign.cli import Commands
from countersign.cli.policy_files import read_policy
from countersign.domain.policy_yaml import PolicyError
from countersign.domain.schema import POLICY_SCHEMA, policy_schema

FINE, WRONG, USAGE = 0, 1, 2
_STATUS = """\
exit status:
  0  the policy loads
  1  it does not; every problem is named as file:line:column
  2  the command line is wrong, or the file cannot be read
"""


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("policy", help="check a policy, write its schema")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="see that a policy loads: keys, names, images by digest",
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("file", nargs="?", type=Path, default=Path(".countersign/policy.yaml"), help="default: %(default)s")
    check.add_argument("--floor", type=Path, metavar="FILE", help="a copy of the floor that the policy extends")
    check.add_argument("--format", choices=("text", "json"), default="text")
    check.set_defaults(run=_check)
    schema = actions.add_parser("schema", help="print the policy's JSON Schema, for editors")
    schema.add_argument("--write", type=Path, metavar="FOLDER", help=f"write {POLICY_SCHEMA} into a folder instead")
    schema.set_defaults(run=_schema)


def _check(options: argparse.Namespace) -> int:
    file: Path = options.file
    try:
        policy = read_policy(file, floor=options.floor)
    except OSError as error:
        print(f"countersign: {error.filename}: {error.strerror}", file=sys.stderr)
        return USAGE
    except PolicyError as error:
        if options.format == "json":
            problems = [
                {"column": problem.place.column, "file": problem.place.file, "line": problem.place.line, "text": problem.text}
                for problem in error.problems
            ]
            print(json.dumps({"loads": False, "problems": problems}))
        else:
            print(error, file=sys.stderr)
        return WRONG
    if options.format == "json":
        print(json.dumps({"digest": policy.digest, "loads": True, "problems": []}))
    else:
        print(f"{file}: loads, {policy.digest}")
    return FINE


def _schema(options: argparse.Namespace) -> int:
    folder: Path | None = options.write
    if folder is None:
        sys.stdout.write(policy_schema())
        return FINE
    try:
        (folder / POLICY_SCHEMA).write_text(policy_schema())
    except OSError as error:
        print(f"countersign: {folder}: {error.strerror}", file=sys.stderr)
        return USAGE
    return FINE
