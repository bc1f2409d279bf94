"""`countersign audit`: shows and verifies the audit branch in a clone. Needs no network.

Each module beside `action` and `reading` is one action, or a few of a kind. It has a function `register(actions: Commands)`.
"""

import argparse

from countersign.cli import Commands
from countersign.cli.audit import log, replay, verify
from countersign.cli.audit.action import STATUS


def register(commands: Commands) -> None:
    """Add `audit` and its actions."""
    audit = commands.add_parser(
        "audit",
        help="read and verify the audit branch of a clone, without any network",
        description="Read and verify the audit branch of a clone. Needs no network and writes nothing.",
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = audit.add_subparsers(metavar="ACTION", required=True)
    for module in (log, replay, verify):
        module.register(actions)
