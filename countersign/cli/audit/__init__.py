"""`countersign audit`: shows, searches and verifies the audit branch in a clone. Needs no network.

An action is in the module of its name, or with another of its kind. That has a function `register(actions: Commands)`.
"""

import argparse
from collections.abc import Sequence
from importlib import import_module

from countersign.cli import Commands
from countersign.cli.audit.action import STATUS

_MODULES = {"show": "log"}
"""Actions that are not in the module of their name."""

_ACTIONS = (
    "log",
    "show",
    "query",
    "incident",
    "exceptions",
    "autonomy",
    "sample",
    "export",
    "packet",
    "reconcile",
    "replay",
    "schema",
    "verify",
)


def register(commands: Commands, words: Sequence[str]) -> None:
    """Add `audit` and the action that is asked for; all of them where it is none, so that help lists them."""
    audit = commands.add_parser(
        "audit",
        help="read and verify the audit branch of a clone, without any network",
        description="Read, search and verify the audit branch of a clone. Needs no network.",
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = audit.add_subparsers(metavar="ACTION", required=True)
    chosen = [action for action in _ACTIONS if words[:1] == [action]] or _ACTIONS
    for module in dict.fromkeys(_MODULES.get(action, action) for action in chosen):
        import_module(f"countersign.cli.audit.{module}").register(actions)
