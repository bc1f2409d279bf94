"""Opens the index of a clone's audit branch, and says how far its answers can be believed.

Where a trust root is given, the branch is verified, and the Merkle root over the index's records has to be the branch's. That
it was is noted in the index, for this tip and this trust root, so that the next question need not wait. What its columns say is
believed because it lies where its user alone can write, and never where a clone could have brought it. `verify` never looks there.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from countersign.adapters.catfile import CatFile
from countersign.adapters.index.index import Index
from countersign.adapters.index.keeping import index_file
from countersign.adapters.ledger.clone import Branch, find_branch
from countersign.attestation.problem import Problem
from countersign.cli import Commands
from countersign.cli.audit.action import FINE, WRONG, add_action, warn_of
from countersign.domain.ids import MalformedError, digest_of
from countersign.domain.outcomes import LedgerFault

STATUS = """\
exit status:
  0  answered; with --trust-root, every record that was read is as it should be
  1  a record is wrong: the answer holds good ones only, up to it
  2  the command line is wrong, or there is no such record
  3  the branch could not be read; nothing is said about it
"""
_NOTE = "verified"


@dataclass(frozen=True, slots=True)
class Opened:
    """An index at the branch's tip. `below` is the number of the first record that is wrong; None where none is known to be."""

    branch: Branch
    index: Index
    source: CatFile
    signed: bool
    problem: Problem | None
    below: int | None

    @property
    def status(self) -> int:
        """Give the exit status."""
        return FINE if self.problem is None else WRONG

    def warn(self) -> None:
        """Say on standard error what the reader must know before believing the output."""
        warn_of(self.branch, signed=self.signed, problem=self.problem)


def add_indexed(
    actions: Commands, name: str, purpose: str, run: Callable[[argparse.Namespace], int], *, formats: tuple[str, ...]
) -> argparse.ArgumentParser:
    """Add an action that asks the index."""
    parser = add_action(actions, name, purpose, run, formats=formats, status=STATUS)
    parser.add_argument(
        "--index",
        type=Path,
        metavar="FILE",
        help="where the index is kept, in a folder that nobody else can write (default: in your cache)",
    )
    return parser


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Opened]:
    """Open the index that goes with the options, at the branch's tip.

    Raises:
        LedgerFault: there is no such branch, or no place for the index.
        MalformedError: the trust root cannot be read, or there is no place of this user's for the index.
    """
    branch = find_branch(options.repo, options.branch)
    file: Path = options.index or index_file(options.repo, _cache())
    index = Index(file, options.repo, branch.tip)
    try:
        problem, below = (None, None) if options.trust_root is None else _verified(index, branch, options.trust_root)
        with CatFile(options.repo) as source:
            yield Opened(branch, index, source, options.trust_root is not None, problem, below)
    finally:
        index.close()


def _cache() -> Path:
    """Give the folder for what can be made anew (XDG Base Directory Specification; a path that is not absolute does not count)."""
    told = Path(os.environ.get("XDG_CACHE_HOME", ""))  # noqa: TID251 - as every program of a desktop asks for it
    try:
        return told if told.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        raise MalformedError("there is no home folder to keep the index in; name a file with --index") from None


def _verified(index: Index, branch: Branch, trust: Path) -> tuple[Problem | None, int | None]:
    """Verify the branch, unless it was at this tip with this trust root, and hold the index against it."""
    try:
        digest = digest_of(trust.read_bytes())
    except OSError as error:
        raise MalformedError(f"the trust root {trust} cannot be read: {error.strerror}") from None
    if index.noted(_NOTE) == digest:
        return None, None
    from countersign.cli.audit.holding import verify_index  # noqa: PLC0415 - what verifies is half of the start of a command

    found = verify_index(index, branch, trust)
    if found.problem is not None:
        return found.problem, found.size
    with suppress(LedgerFault):  # it will be verified again, that is all
        index.note(_NOTE, digest)
    return None, None
