"""`countersign audit replay`: decides again from what a record holds, and says whether the same comes out, byte for byte.

Takes inputs and decision from the record, and the policy's bytes from the clone, where their digest is checked against the
record's. Asks no forge and no clock: the moment of the decision is one of the inputs.
"""

import argparse
from pathlib import Path

from countersign.cli import Commands
from countersign.cli.audit.action import add_action

_STATUS = """\
exit status:
  0  the decision follows from what was recorded, byte for byte, and so does what else the record says of change, kind, people,
     approvals, policy and credentials; its words and addresses, and the forge's answers, do not follow from anything
  1  another decision follows, of the program that the record names or of none that it names; or the record says other than it was
     made from, and the fields are named; or a record of the branch is wrong
  2  the command line is wrong, or there is no such record
  3  it cannot be decided again: inputs or policy are not at hand; nothing is said about the decision
  4  another decision follows, or something else of what programs compute (binding, key, kind of change, names by which approvers
     are in teams, ocsf), and the record names another program that decided: try again with that one
"""


def register(actions: Commands) -> None:
    """Add the action."""
    replay = add_action(actions, "replay", "decide again from what a record holds, and compare", _replay, status=_STATUS)
    replay.add_argument("id", metavar="ID", help="number, ULID, run id or key of a record with a decision")
    replay.add_argument("--policy", type=Path, metavar="FILE", help="the policy's bytes, where the clone has not the commit")
    replay.add_argument("--floor", type=Path, metavar="FILE", help="a copy of the floor that the policy extends")


def _replay(options: argparse.Namespace) -> int:
    from countersign.cli.audit.deciding import decide_again  # noqa: PLC0415 - the other actions read no policy

    return decide_again(options)
