"""`countersign audit verify`: every signature, link, number, digest and Merkle root, up to the first wrong record."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from countersign.adapters.ledger.clone import find_branch
from countersign.attestation import checkpoint, comment
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.keys import TrustRoot
from countersign.attestation.record import AUDIT_BRANCH
from countersign.cli import Commands, clock
from countersign.cli.audit.action import FINE, WRONG, Once, add_action
from countersign.cli.audit.examination import Examination, examine
from countersign.cli.audit.reading import read_trust_root
from countersign.cli.audit.stamps import Stamps
from countersign.cli.audit.verify_packet import verify_packet
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import visible

_LIMIT = 64 * 1024
_OF_THE_BRANCH: Final = {
    "repo": "--repo",
    "branch": "--branch",
    "checkpoint": "--checkpoint",
    "tsa_ca": "--tsa-ca",
    "every_object": "--every-object",
}


@dataclass(frozen=True, slots=True)
class _Given:
    """One `--checkpoint`: what it says or its file's name, what was read of it, the log that it names, if it is a note.

    `passed_over` are the numbers of its lines that look like a checkpoint and are words of a comment.
    """

    name: str
    checkpoints: Sequence[Checkpoint]
    origin: str | None
    passed_over: Sequence[int]


def register(actions: Commands) -> None:
    """Add the action."""
    verify = add_action(actions, "verify", "check every signature, link, number, digest and root", _verify)
    verify.set_defaults(repo=None, branch=None)  # so that it is seen whether they were given
    verify.add_argument(
        "--checkpoint",
        metavar="SIZE@ROOT|FILE",
        action="append",
        default=[],
        help="what an earlier verification printed, or a file with that, with a whole comment on a merge request, or with a signed "
        "note; shows that the log was cut short or rewritten since; may be repeated: all are held against the log, and what only "
        "looks like one is refused; of a whole comment its last line is read",
    )
    verify.add_argument(
        "--tsa-ca",
        type=Path,
        action=Once,
        metavar="FILE",
        help="certificates (PEM) of a timestamp authority: check the timestamps (RFC 3161) in the log; needs openssl",
    )
    verify.add_argument(
        "--every-object",
        action="store_true",
        help="also of a long branch, read every stored object one by one: git's folders too, whose names are else computed",
    )
    verify.add_argument(
        "packet", nargs="?", type=Path, metavar="PACKET", help="a folder made by `audit packet`, instead of the branch"
    )
    verify.add_argument(
        "--public-key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="for a packet: a public key, instead of a trust root; may be repeated, and all that signed are needed",
    )


def _verify(options: argparse.Namespace) -> int:
    if options.packet is not None:
        _refuse(options, "the branch", **_OF_THE_BRANCH)
        return verify_packet(options)
    _refuse(options, "a packet: name its folder", public_key="--public-key")
    if options.trust_root is None:
        raise MalformedError(
            "give --trust-root FILE: the keys that may sign the log, from a source outside of this repository. "
            "A list that came with the branch would prove nothing, so none is looked for"
        )
    trust = read_trust_root(options.trust_root)
    given = [_read(one, trust) for one in options.checkpoint]
    seen, origin = [item for one in given for item in one.checkpoints], _origin(given)
    branch = find_branch(options.repo or Path(), options.branch or AUDIT_BRANCH)
    stamps = None if options.tsa_ca is None else Stamps.of(branch, options.tsa_ca)
    known = [*seen, *(() if stamps is None else stamps.checkpoints)]
    found = examine(branch, trust, known, origin, every_object=options.every_object)
    now = clock.now()
    if options.format == "json":
        print(json.dumps(_document(found, stamps, given, now), sort_keys=True))
    else:
        print(f"branch: {found.branch.ref} at {found.branch.tip}")
        print("\n".join(_sentences(found, stamps, now)))
    for other in found.branch.others:
        print(f"note: {other} points elsewhere than {found.branch.ref}, which was verified", file=sys.stderr)
    return FINE if found.problem is None and _wrong_stamps(found, stamps) is None else WRONG


def _sentences(found: Examination, stamps: Stamps | None, now: datetime) -> list[str]:
    if found.problem is not None:
        return [
            f"first wrong: {found.problem}",
            f"NOT verified: {found.size} good records before the first wrong one; nothing is said about those after it",
        ]
    wrong = _wrong_stamps(found, stamps)
    return [
        f"checkpoint: {Checkpoint.of(found.head)} (keep it elsewhere, give it to --checkpoint next time)",
        *found.watch.notes(now),
        *([] if found.folders_read else ["folders: computed, not read (--every-object reads them)"]),
        *_of_stamps(found, stamps),
        f"population: {found.population}",
        f"verified: {found.size} records, 0 problems" if wrong is None else f"NOT verified: {found.size} good records, but {wrong}",
    ]


def _wrong_stamps(found: Examination, stamps: Stamps | None) -> str | None:
    return None if stamps is None else stamps.problem(found.watch.stamps)


def _of_stamps(found: Examination, stamps: Stamps | None) -> list[str]:
    if stamps is not None:
        return [str(stamps)]
    return [f"timestamps: {found.watch.stamps}, not checked (give --tsa-ca)"] if found.watch.stamps else []


def _document(found: Examination, stamps: Stamps | None, given: Sequence[_Given], now: datetime) -> dict[str, object]:
    problem, newest = found.problem, Checkpoint.of(found.head)
    return {
        "branch": found.branch.ref,
        "checkpoint": None if newest is None or problem is not None else str(newest),
        "checkpoints_passed_over": [{"line": line, "of": one.name} for one in given for line in one.passed_over],
        "folders": "read" if found.folders_read else "computed",
        "population": {
            "ends": found.population.ends(),
            "questions": found.population.asked,
            "records": {kind.value: count for kind, count in found.population.records.items()},
        },
        "problem": None if problem is None else {"seq": problem.seq, "commit": problem.commit, "why": problem.why},
        "timestamps": None if stamps is None else stamps.document(found.watch.stamps),
        "tip": found.branch.tip,
        "verified": found.size,
        **found.watch.document(now),
    }


def _refuse(options: argparse.Namespace, place: str, **names: str) -> None:
    """Refuse options that would else be passed over in silence, as if they had been checked."""
    given = [name for field, name in names.items() if getattr(options, field) not in (None, False, [])]
    if given:
        raise MalformedError(f"{', '.join(given)}: only for {place}")


def _origin(given: Sequence[_Given]) -> str | None:
    """Give the log that notes among the checkpoints name; None where none is a note."""
    origins = sorted({one.origin for one in given if one.origin is not None})
    if len(origins) > 1:
        raise MalformedError(f"the checkpoints are of several logs: {', '.join(origins)}")
    return origins[0] if origins else None


def _read(given: str, trust: TrustRoot) -> _Given:
    """Read a checkpoint that the command line says or names a file of; name on standard error the lines that are not read."""
    text, name = _text(given), given.partition("\n")[0][:200]
    try:
        found, origin = checkpoint.seen(text, trust)
        passed_over = comment.without_words(text).passed_over
    except MalformedError as error:
        raise MalformedError(f"--checkpoint {name}: {error}") from None
    for line in passed_over:
        words = "looks like a checkpoint among the words of a comment, and is not read: of a comment its last line is"
        print(f"note: --checkpoint {visible(name)}: line {line}: {words}", file=sys.stderr)
    return _Given(name, found, origin, passed_over)


def _text(given: str) -> str:
    """Give a checkpoint's text: itself, or what the file of this name holds."""
    path = Path(given)
    try:
        if "\n" not in given and path.is_file():
            with path.open("rb") as file:
                held = file.read(_LIMIT + 1)
            if len(held) > _LIMIT:
                raise MalformedError(
                    f"the file {given[:200]!r} is larger than {_LIMIT} bytes, the most that is read of checkpoints"
                )
            return held.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise MalformedError(f"the checkpoint {given[:200]!r} cannot be read ({type(error).__name__})") from None
    if "\n" not in given and "@sha256:" not in given:
        raise MalformedError(f"there is no file {given[:200]!r}, and a checkpoint itself is written as 42@sha256:…")
    return given
