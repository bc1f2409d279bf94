"""What the actions of `countersign policy` share: where a policy is, how it is read, how an action ends."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from countersign.cli import Commands
from countersign.cli.policy_files import read_policy
from countersign.domain.ids import MalformedError
from countersign.domain.outcomes import Fault
from countersign.domain.policy import Policy
from countersign.domain.problems import PolicyError

POLICY_FILE = Path(".countersign/policy.yaml")
FINE, WRONG, USAGE, COULD_NOT = 0, 1, 2, 30


def add(
    actions: Commands, name: str, purpose: str, run: Callable[[argparse.Namespace], int], status: str
) -> argparse.ArgumentParser:
    """Add an action; `status` tells its exit statuses."""
    parser = actions.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=f"exit status:\n{status}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=lambda options: _guarded(name, run, options))
    return parser


def formats(parser: argparse.ArgumentParser) -> None:
    """Add `--format`."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text for people, one JSON object for programs")


def read(path: Path) -> bytes:
    """Read a file.

    Raises:
        MalformedError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise MalformedError(f"{path}: {error.strerror}") from None


def write(path: Path, text: str) -> None:
    """Write a file, and the folders that it is in. A link in its place is replaced, never followed.

    Raises:
        Fault: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Fault(f"{path}: {error.strerror}") from None


def floors(parser: argparse.ArgumentParser) -> None:
    """Add `--floor`."""
    parser.add_argument("--floor", type=Path, metavar="FILE", help="a copy of the floor that the policy extends")


def load(path: Path, floor: Path | None = None) -> Policy:
    """Load a policy, with the files beside it that it names, and a copy of the floor that it extends.

    Raises:
        MalformedError: a file cannot be read.
        PolicyError: it does not load.
    """
    try:
        return read_policy(path, floor=floor)
    except OSError as error:
        raise MalformedError(f"{error.filename}: {error.strerror}") from None


def _guarded(name: str, run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    try:
        return run(options)
    except MalformedError as error:
        print(f"countersign policy {name}: {error}", file=sys.stderr)
        return USAGE
    except PolicyError as error:
        print(error, file=sys.stderr)
        return WRONG
    except Fault as fault:
        print(f"countersign policy {name}: {fault}", file=sys.stderr)
        return COULD_NOT
