"""`countersign audit verify`: every signature, link, number and digest, up to the first wrong record."""

import argparse
import json
import sys

from countersign.attestation.checkpoint import Checkpoint
from countersign.cli import Commands
from countersign.cli.audit.action import FINE, WRONG, add_action
from countersign.cli.audit.reading import read
from countersign.domain.ids import MalformedError


def register(actions: Commands) -> None:
    """Add the action."""
    verify = add_action(actions, "verify", "check every signature, link, number and digest", _verify)
    verify.add_argument(
        "--checkpoint",
        metavar="N@DIGEST",
        help="what an earlier verification printed; shows that the log was cut short or rewritten since",
    )


def _verify(options: argparse.Namespace) -> int:
    if options.trust_root is None:
        raise MalformedError(
            "give --trust-root FILE: the keys that may sign the log, from a source outside of this repository. "
            "A list that came with the branch would prove nothing, so none is looked for"
        )
    seen = None if options.checkpoint is None else Checkpoint.parse(options.checkpoint)
    reading = read(options)
    problem = reading.problem
    if problem is None and seen is not None:
        problem = seen.problem(reading.chain.index)
    newest = Checkpoint.of(reading.chain.index)
    if options.format == "json":
        told = None if problem is None else {"seq": problem.seq, "commit": problem.commit, "why": problem.why}
        document = {
            "branch": reading.branch.ref,
            "checkpoint": None if newest is None or problem is not None else str(newest),
            "problem": told,
            "tip": reading.branch.tip,
            "verified": len(reading.entries),
        }
        print(json.dumps(document, sort_keys=True))
    elif problem is None:
        print(f"branch: {reading.branch.ref} at {reading.branch.tip}")
        print(f"checkpoint: {newest} (keep it elsewhere, give it to --checkpoint next time)")
        print(f"verified: {len(reading.entries)} records, 0 problems")
    else:
        print(f"branch: {reading.branch.ref} at {reading.branch.tip}")
        print(f"first wrong: {problem}")
        good = len(reading.entries) if problem.seq is None else min(problem.seq, len(reading.entries))
        print(f"NOT verified: {good} good records before the first wrong one; nothing is said about those after it")
    for other in reading.branch.others:
        print(f"note: {other} points elsewhere than {reading.branch.ref}, which was verified", file=sys.stderr)
    return FINE if problem is None else WRONG
