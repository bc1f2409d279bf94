"""`countersign audit`: shows, searches and verifies the audit branch in a clone. Needs no network.

Each module beside `action` and `reading` is one action, or a few of a kind. It has a function `register(actions: Commands)`.
"""

import argparse

from countersign.cli import Commands
from countersign.cli.audit import (
    autonomy,
    exceptions,
    export,
    incident,
    log,
    packet,
    query,
    reconcile,
    replay,
    sample,
    schema,
    verify,
)
from countersign.cli.audit.action import STATUS


def register(commands: Commands) -> None:
    """Add `audit` and its actions."""
    audit = commands.add_parser(
        "audit",
        help="read and verify the audit branch of a clone, without any network",
        description="Read, search and verify the audit branch of a clone. Needs no network.",
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = audit.add_subparsers(metavar="ACTION", required=True)
    for module in (log, query, incident, exceptions, autonomy, sample, export, packet, reconcile, replay, schema, verify):
        module.register(actions)
