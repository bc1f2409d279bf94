"""`countersign audit autonomy`: what kinds of change have earned a milder tier so far, and which ones have it or lost it."""

import argparse
from pathlib import Path

from countersign.cli import Commands
from countersign.cli.audit.indexed import STATUS, add_indexed

_HOW = """
The ways down are those of the policy's `autonomy`. What was earned is granted by people, in a change of the policy that adds the
line which is printed here under `earned`; a run that goes wrong takes it back at once. docs/policy-guide.md tells the rules.
"""


def register(actions: Commands) -> None:
    """Add the action."""
    purpose = "count what kinds of change have earned of a milder tier, and show which ones have it or lost it"
    parser = add_indexed(actions, "autonomy", purpose, _autonomy, formats=("text", "json"))
    parser.epilog = STATUS + _HOW
    file = Path(".countersign/policy.yaml")
    parser.add_argument("--floor", type=Path, metavar="FILE", help="a copy of the floor that the policy extends")
    parser.add_argument("--policy", type=Path, metavar="FILE", help=f"the policy (default: {file} in the clone's work tree)")


def _autonomy(options: argparse.Namespace) -> int:
    from countersign.cli.audit.earned import tell  # noqa: PLC0415 - the other actions read no policy

    return tell(options)
