"""What the actions of `countersign audit` share: the options that say which branch, the exit statuses, and how errors are told."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from countersign.adapters.ledger.clone import Branch
from countersign.attestation.problem import Problem
from countersign.attestation.record import AUDIT_BRANCH
from countersign.cli import Commands
from countersign.domain.ids import MalformedError
from countersign.domain.outcomes import Fault

FINE, WRONG, USAGE, COULD_NOT = 0, 1, 2, 3
_MOST = 10**9
STATUS = """\
exit status:
  0  every record that was read is as it should be
  1  a record is wrong; the first one is named, with the reason
  2  the command line is wrong, there is no trust root, there is no such record, or a packet cannot be judged: its key was
     not given, or an earlier version made it
  3  the branch could not be read; nothing is said about it
"""


class Once(argparse.Action):
    """Takes an option once: of two that contradict one another, the last must not win in silence."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option_string: str | None = None
    ) -> None:
        """Keep the value; the second time, end with the usage."""
        if getattr(namespace, self.dest) is not None:
            parser.error(f"argument {option_string}: may be given once; a file may hold several lines or certificates")
        setattr(namespace, self.dest, values)


Run = Callable[[argparse.Namespace], int]


def add_action(  # noqa: PLR0913 - what actions differ in, keyword-only
    actions: Commands, name: str, purpose: str, run: Run, *, formats: tuple[str, ...] = ("text", "json"), status: str = STATUS
) -> argparse.ArgumentParser:
    """Add an action that reads a branch; the first format is the default; without any, the action has its own."""
    parser = actions.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=status,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the clone; this directory if not given")
    parser.add_argument("--branch", default=AUDIT_BRANCH, help=f"the audit branch, local or fetched (default: {AUDIT_BRANCH})")
    parser.add_argument(
        "--trust-root", type=Path, action=Once, metavar="FILE", help="allowed signers, from elsewhere than the branch"
    )
    if formats:
        parser.add_argument("--format", choices=formats, default=formats[0], help="json is one object a line, for programs")
    parser.set_defaults(run=lambda options: guarded(run, options))
    return parser


def guarded(run: Run, options: argparse.Namespace) -> int:
    """Run an action; say what it raises on standard error, in a sentence."""
    try:
        return run(options)
    except MalformedError as error:
        print(f"countersign audit: {error}", file=sys.stderr)
        return USAGE
    except Fault as fault:
        print(f"countersign audit: {fault}", file=sys.stderr)
        return COULD_NOT


def warn_of(branch: Branch, *, signed: bool, problem: Problem | None) -> None:
    """Say on standard error what the reader of a branch must know before believing the output."""
    for other in branch.others:
        print(f"note: {other} points elsewhere than {branch.ref}, which is read here", file=sys.stderr)
    if not signed:
        print("note: signatures were not checked; give --trust-root", file=sys.stderr)
    if problem is not None:
        print(f"wrong: {problem}", file=sys.stderr)


def count(text: str) -> int:
    """Read a number of things, at least one, and no more than any log can hold."""
    number = int(text)
    if not 1 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"must be 1 to {_MOST}")
    return number
