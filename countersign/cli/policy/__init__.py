"""`countersign policy`: checks, tests and explains a policy, and writes its schema. Needs no network.

Each module beside `action` is one action. It has a function `register(actions: Commands)`.
"""

from collections.abc import Sequence

from countersign.cli import Commands
from countersign.cli.policy import check, diff, explain, init, schema, test


def register(commands: Commands, _words: Sequence[str]) -> None:
    """Add the command and its actions."""
    parser = commands.add_parser("policy", help="check, test and explain a policy")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for module in (init, check, test, explain, diff, schema):
        module.register(actions)
