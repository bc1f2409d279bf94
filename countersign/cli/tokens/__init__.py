"""`countersign tokens`: finds sensitive values in texts, replaces them by tokens, and names the token of a known value. No network.

Each module beside `action` is one action. It has a function `register(actions: Commands)`.
"""

from collections.abc import Sequence

from countersign.cli import Commands
from countersign.cli.tokens import digest, find, name, replace


def register(commands: Commands, _words: Sequence[str]) -> None:
    """Add the command and its actions."""
    parser = commands.add_parser(
        "tokens", help="find sensitive values, replace them by tokens, name the token of a value or the digest of an output"
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for module in (find, replace, name, digest):
        module.register(actions)
