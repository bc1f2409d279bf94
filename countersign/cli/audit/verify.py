"""`countersign audit verify`: every signature, link, number, digest and Merkle root, up to the first wrong record."""

import argparse
import json
import sys
from pathlib import Path

from countersign.adapters.ledger.clone import check_branch, find_branch
from countersign.attestation import checkpoint
from countersign.attestation.chain import Chain, Link
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.index import Keys
from countersign.attestation.keys import TrustRoot
from countersign.attestation.population import Population
from countersign.attestation.problem import ChainError, Problem
from countersign.attestation.watch import Watch
from countersign.cli import Commands
from countersign.cli.audit.action import FINE, WRONG, add_action
from countersign.cli.audit.reading import read_trust_root
from countersign.cli.audit.verify_packet import verify_packet
from countersign.domain.ids import MalformedError

_LIMIT = 64 * 1024


def register(actions: Commands) -> None:
    """Add the action."""
    verify = add_action(actions, "verify", "check every signature, link, number, digest and root", _verify)
    verify.add_argument(
        "--checkpoint",
        metavar="SIZE@ROOT|FILE",
        help="what an earlier verification printed, a merge request's comment says, or a file with either or with a signed note; "
        "shows that the log was cut short or rewritten since",
    )
    verify.add_argument(
        "packet", nargs="?", type=Path, metavar="PACKET", help="a folder made by `audit packet`, instead of the branch"
    )
    verify.add_argument("--public-key", type=Path, metavar="FILE", help="for a packet: one public key instead of a trust root")


def _verify(options: argparse.Namespace) -> int:
    if options.packet is not None:
        return verify_packet(options)
    if options.trust_root is None:
        raise MalformedError(
            "give --trust-root FILE: the keys that may sign the log, from a source outside of this repository. "
            "A list that came with the branch would prove nothing, so none is looked for"
        )
    trust = read_trust_root(options.trust_root)
    seen, origin = (None, None) if options.checkpoint is None else _seen(options.checkpoint, trust)
    branch = find_branch(options.repo, options.branch)
    chain = Chain(trust=trust, records=Keys(), origin=origin, seen=() if seen is None else (seen,))
    problem: Problem | None = None
    population, watch = Population(), Watch()

    def look(link: Link) -> None:
        population.add(link.entry)
        if link.key is not None:
            watch.add(link.entry, link.key, link.point.recorded)

    try:
        check_branch(branch, chain, told=look)
    except ChainError as error:
        problem = error.problem
    newest = Checkpoint.of(chain.head)
    if options.format == "json":
        told = None if problem is None else {"seq": problem.seq, "commit": problem.commit, "why": problem.why}
        document = {
            "branch": branch.ref,
            "checkpoint": None if newest is None or problem is not None else str(newest),
            "population": {"ends": population.ends(), "questions": population.asked, "records": population.records},
            "problem": told,
            "tip": branch.tip,
            "verified": chain.size,
        }
        print(json.dumps(document, sort_keys=True))
    elif problem is None:
        print(f"branch: {branch.ref} at {branch.tip}")
        print(f"checkpoint: {newest} (keep it elsewhere, give it to --checkpoint next time)")
        print("\n".join(watch.notes()))
        print(f"population: {population}")
        print(f"verified: {chain.size} records, 0 problems")
    else:
        print(f"branch: {branch.ref} at {branch.tip}")
        print(f"first wrong: {problem}")
        print(f"NOT verified: {chain.size} good records before the first wrong one; nothing is said about those after it")
    for other in branch.others:
        print(f"note: {other} points elsewhere than {branch.ref}, which was verified", file=sys.stderr)
    return FINE if problem is None else WRONG


def _seen(given: str, trust: TrustRoot) -> tuple[Checkpoint, str | None]:
    """Read a checkpoint from the command line, or from the file that it names."""
    path = Path(given)
    try:
        if "\n" in given or not path.is_file():
            return checkpoint.seen(given, trust)
        with path.open("rb") as file:
            return checkpoint.seen(file.read(_LIMIT).decode(), trust)
    except (OSError, UnicodeDecodeError) as error:
        raise MalformedError(f"the checkpoint {given[:200]!r} cannot be read ({type(error).__name__})") from None
