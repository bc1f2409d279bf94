"""Finds the timestamps that a branch holds. Believes nothing of what it finds: the authority's certificate and the chain decide."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from countersign.adapters.gitcmd import OFFLINE, run_git
from countersign.adapters.ledger.bulk import read_objects
from countersign.adapters.stamping import StampFault, stamped
from countersign.attestation import statement
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.stamp import PREFIX, Stamp
from countersign.domain.ids import MalformedError, Sha

_ADDED = re.compile(rb":000000 100644 0{40} (?P<blob>[0-9a-f]{40}) A\0records/[^\0]+\0")
_LOG = ("log", "--first-parent", "--reverse", "--no-show-signature", "--no-renames", "--root", "--format=")
_RAW = ("--raw", "--no-abbrev", "-r", "-z")
_SKEW = timedelta(minutes=5)
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Stamped:
    """What one timestamp shows: the log was as the checkpoint says when it was made; or why it shows nothing."""

    seq: int
    time: datetime | None
    checkpoint: Checkpoint | None
    problem: str | None = None


def find_stamps(repository: Path, tip: Sha, *, ca: Path) -> list[Stamped]:
    """Check the timestamps on a branch, oldest first, against an authority's certificates.

    Raises:
        Fault: git or openssl does not answer.
    """
    return [_checked(raw, ca) for raw in read_objects(repository, list(_blobs(repository, tip)), "blob")]


def _checked(raw: bytes, ca: Path) -> Stamped:
    seq = 0
    try:
        part = statement.read(raw).predicate
        seq = part.seq
        stamp = Stamp.read(part.body, key=part.key)
        time = stamped(stamp.head.text.encode(), stamp.token, ca=ca)
    except (MalformedError, StampFault) as error:
        return Stamped(seq, None, None, str(error))
    if part.log != stamp.head.origin or part.seq < stamp.head.size:
        return Stamped(seq, time, None, "it is of another log, or of a size that the log had not yet")
    if part.recorded_time < time - _SKEW:
        return Stamped(seq, time, None, f"its record says that it is older than its timestamp, which is of {time.isoformat()}")
    return Stamped(seq, time, Checkpoint.of(stamp.head))


def _blobs(repository: Path, tip: Sha) -> Iterator[str]:
    listed = run_git(
        [*_LOG, *_RAW, "--basic-regexp", f"--grep=^Countersign-Key: {PREFIX}", tip, "--", "records"],
        cwd=repository,
        env_extra={"GIT_ALLOW_PROTOCOL": "none"},
        config=OFFLINE,
        timeout=_SECONDS,
    )
    return (found["blob"].decode() for found in _ADDED.finditer(listed))
