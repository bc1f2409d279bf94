"""`countersign audit`: shows and verifies the audit branch in a clone. Needs no network and writes nothing."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from countersign.adapters.ledger.clone import Branch, check_branch, find_branch
from countersign.attestation import statement
from countersign.attestation.chain import Chain, ChainError, Problem
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.keys import Trust, TrustRoot
from countersign.attestation.record import AUDIT_BRANCH, Entry
from countersign.cli import Commands
from countersign.domain.ids import MalformedError
from countersign.domain.outcomes import Fault

FINE, WRONG, USAGE, COULD_NOT = 0, 1, 2, 3
_STATUS = """\
exit status:
  0  every record that was read is as it should be
  1  a record is wrong; the first one is named, with the reason
  2  the command line is wrong, there is no trust root, or no such record
  3  the branch could not be read; nothing is said about it
"""


class Unsigned:
    """Looks at no signature: for showing records only. `verify` never uses it."""

    def check(self, *, payload: bytes, signature: str | None, principal: str, at: datetime) -> None:
        """Accept."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a branch, up to the first problem."""

    branch: Branch
    chain: Chain
    problem: Problem | None
    signed: bool

    @property
    def entries(self) -> Sequence[Entry]:
        """Give the records that are good."""
        return self.chain.index.entries

    @property
    def status(self) -> int:
        """Give the exit status."""
        return FINE if self.problem is None else WRONG

    def warn(self) -> None:
        """Say on standard error what the reader must know before believing the output."""
        for other in self.branch.others:
            print(f"note: {other} points elsewhere than {self.branch.ref}, which is read here", file=sys.stderr)
        if not self.signed:
            print("note: signatures were not checked; give --trust-root", file=sys.stderr)
        if self.problem is not None:
            print(f"wrong: {self.problem}", file=sys.stderr)


def register(commands: Commands) -> None:
    """Add `audit` and its actions."""
    audit = commands.add_parser(
        "audit",
        help="read and verify the audit branch of a clone, without any network",
        description="Read and verify the audit branch of a clone. Needs no network and writes nothing.",
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = audit.add_subparsers(metavar="ACTION", required=True)
    log = _action(actions, "log", "list the records, oldest first", _log)
    log.add_argument("-n", type=_count, metavar="COUNT", help="only as many, the newest")
    show = _action(actions, "show", "show one record, or all records of a run", _show)
    show.add_argument("id", metavar="ID", help="number, ULID, run id or key of a record")
    verify = _action(actions, "verify", "check every signature, link, number and digest", _verify)
    verify.add_argument(
        "--checkpoint",
        metavar="N@DIGEST",
        help="what an earlier verification printed; shows that the log was cut short or rewritten since",
    )


def _action(actions: Commands, name: str, purpose: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the clone; this directory if not given")
    parser.add_argument("--branch", default=AUDIT_BRANCH, help="the audit branch, local or fetched (default: %(default)s)")
    parser.add_argument("--trust-root", type=Path, metavar="FILE", help="allowed signers, from elsewhere than the branch")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text for people, a JSON line each for programs")
    parser.set_defaults(run=lambda options: _guarded(run, options))
    return parser


def _guarded(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    try:
        return run(options)
    except MalformedError as error:
        print(f"countersign audit: {error}", file=sys.stderr)
        return USAGE
    except Fault as fault:
        print(f"countersign audit: {fault}", file=sys.stderr)
        return COULD_NOT


def _read(options: argparse.Namespace) -> Reading:
    trust: Trust = Unsigned() if options.trust_root is None else _trust_root(options.trust_root)
    branch, chain = find_branch(options.repo, options.branch), Chain(trust=trust)
    problem: Problem | None = None
    try:
        check_branch(branch, chain)
    except ChainError as error:
        problem = error.problem
    return Reading(branch, chain, problem, signed=options.trust_root is not None)


def _trust_root(path: Path) -> TrustRoot:
    try:
        return TrustRoot.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MalformedError(f"the trust root {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MalformedError(f"the trust root {path} is not text") from None


def _log(options: argparse.Namespace) -> int:
    reading = _read(options)
    chosen = reading.entries if options.n is None else reading.entries[-options.n :]
    if options.format == "json":
        for entry in chosen:
            print(_json(entry))
    elif chosen:
        rows = [_row(entry) for entry in chosen]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
        for row in rows:
            print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]))
    reading.warn()
    return reading.status


def _show(options: argparse.Namespace) -> int:
    reading = _read(options)
    wanted: str = options.id
    found = [entry for entry in reading.entries if wanted in {str(entry.seq), entry.key, entry.run, _ulid(entry)}]
    for entry in found:
        if options.format == "json":
            print(_json(entry))
        else:
            print(f"record  {entry.seq}\ncommit  {entry.commit}\npath    {entry.path}\ndigest  {entry.digest}\n")
            print(entry.raw.decode())
    reading.warn()
    if not found:
        raise MalformedError(f"no record {wanted}: give a number, a ULID, a run id or a key, as `countersign audit log` lists them")
    return reading.status


def _verify(options: argparse.Namespace) -> int:
    if options.trust_root is None:
        raise MalformedError(
            "give --trust-root FILE: the keys that may sign the log, from a source outside of this repository. "
            "A list that came with the branch would prove nothing, so none is looked for"
        )
    seen = None if options.checkpoint is None else Checkpoint.parse(options.checkpoint)
    reading = _read(options)
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


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _ulid(entry: Entry) -> str:
    return PurePosixPath(entry.path).stem.partition("-")[2]


def _row(entry: Entry) -> tuple[str, ...]:
    part = statement.read(entry.raw).predicate
    return (f"{part.time:%Y-%m-%d %H:%M:%S}Z", str(entry.seq), entry.kind.value, str(entry.change or "-"), part.summary)


def _json(entry: Entry) -> str:
    record = json.loads(entry.raw)
    document = {"commit": entry.commit, "digest": entry.digest, "path": entry.path, "record": record, "seq": entry.seq}
    return json.dumps(document, sort_keys=True)
