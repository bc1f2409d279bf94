"""Reads the records of a branch in bulk: names from the tree, bytes from `git cat-file`.

Checks nothing: it is for the index. Verification reads object by object (`countersign.adapters.ledger.slow`).
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from countersign.adapters.catfile import CatFile
from countersign.adapters.gitcmd import OFFLINE, GitFailed, run_git
from countersign.domain.ids import Sha
from countersign.domain.outcomes import LedgerFault

_LISTED = re.compile(r"100644 blob (?P<blob>[0-9a-f]{40})\t(?P<path>records/\S+)")
_ADDED = re.compile(r":000000 100644 0{40} (?P<blob>[0-9a-f]{40}) A\t(?P<path>records/\S+)")
_TRAILERS = "--format=%H %(trailers:key=Countersign-Seq,valueonly,separator=%x20)"
_SECONDS = 300


class Listed(NamedTuple):
    """A record's file. A tuple, since a hundred thousand of them are handed to other processes."""

    path: str
    blob: Sha


class Branch:
    """A branch of a repository, as far as the index reads it. Touches no network."""

    def __init__(self, repository: Path) -> None:
        """Read from this repository."""
        self.repository = repository

    def folder(self) -> Path:
        """Give the folder where git keeps what belongs to the whole clone.

        Raises:
            LedgerFault: there is no repository.
        """
        try:
            found = self._git("rev-parse", "--git-common-dir").strip()
        except GitFailed as failed:
            raise LedgerFault(f"{self.repository} cannot be read as a git repository: {failed.stderr}") from None
        return (self.repository / found).resolve()

    def descends(self, tip: Sha, old: Sha) -> bool:
        """Say whether a tip comes after another that was seen before, which may be gone by now."""
        try:
            self._git("merge-base", "--is-ancestor", old, tip)
        except GitFailed:
            return False
        return True

    def records(self, tip: Sha, after: Sha | None) -> list[Listed]:
        """List the records at the tip, or those that came since another, in their order.

        Raises:
            LedgerFault: a record was changed or taken away since then.
        """
        if after is None:
            lines, form = self._git("ls-tree", "-r", "-z", tip, "--", "records").split("\0"), _LISTED
        else:
            raw = self._git("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", after, tip, "--", "records")
            words = raw.split("\0")
            lines, form = [f"{meta}\t{path}" for meta, path in zip(words[0::2], words[1::2], strict=False)], _ADDED
        listed = []
        for line in filter(None, lines):
            found = form.fullmatch(line)
            if found is None:
                raise LedgerFault("the branch holds what is no record, or a record was changed; run: countersign audit verify")
            listed.append(Listed(found["path"], Sha(found["blob"])))
        return sorted(listed, key=lambda item: item.path.rpartition("/")[2])  # names begin with the number, ten digits

    def commits(self, tip: Sha, after: Sha | None, count: int) -> list[Sha | None]:
        """Give the commit of each of the newest records, in their order."""
        span = tip if after is None else f"{after}..{tip}"
        names = [Sha(name) for name in self._git("rev-list", "--first-parent", "--reverse", span).split()]
        if len(names) == count:
            return list(names)
        first = 0 if after is None else None  # several records in a commit: its trailers say which
        found: dict[int, Sha] = {}
        for line in self._git("log", "--first-parent", "--reverse", _TRAILERS, span).splitlines():
            name, *seqs = line.split()
            found |= {int(seq): Sha(name) for seq in seqs if seq.isdigit()}
        first = min(found, default=0) if first is None else first
        return [found.get(seq) for seq in range(first, first + count)]

    def _git(self, *args: str) -> str:
        done = run_git(
            args, cwd=self.repository, env_extra={"GIT_ALLOW_PROTOCOL": "none"}, config=OFFLINE | _FAST, timeout=_SECONDS
        )
        return done.decode(errors="replace")


_FAST = {"core.quotePath": "false", "diff.renames": "false", "log.showSignature": "false"}


def contents(repository: Path, records: Sequence[Listed]) -> Iterator[bytes]:
    """Give the bytes of records, in order, by one process of git's.

    Raises:
        LedgerFault: an object is missing.
        GitFault: git does not answer.
    """
    with CatFile(repository) as source:
        for record, found in zip(records, source.each([record.blob for record in records]), strict=True):
            if found is None or found[0] != "blob":
                raise LedgerFault(f"object {record.blob} of the audit branch is missing; run: git fsck")
            yield found[1]
