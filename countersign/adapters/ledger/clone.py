"""The audit branch in somebody's clone, found where it lies. Touches no network, writes nothing, and checks no record."""

import re
from dataclasses import dataclass
from pathlib import Path

from countersign.adapters.gitcmd import OFFLINE, GitFailed, run_git
from countersign.domain.ids import Sha
from countersign.domain.outcomes import LedgerFault

_NO_NETWORK = {"GIT_ALLOW_PROTOCOL": "none"}
_LONG = 2000
"""Records from which on a quick look pays off; processes take a second to start."""

_LINE = re.compile(r"(?P<commit>[0-9a-f]{40}) (?P<ref>\S+)")


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as a clone has it: which reference, and the commit at its tip."""

    repository: Path
    ref: str
    tip: Sha
    others: tuple[str, ...]


def find_branch(repository: Path, branch: str) -> Branch:
    """Find a branch of this name, a local one or a remote's (`origin/…`) that the clone has fetched.

    `others` are references of the same name that point elsewhere: the reader must hear of them.

    Raises:
        LedgerFault: no such branch, several remotes with different ones, or a clone that lacks history. It says what to do.
        GitFault: no repository there.
    """
    if _git(repository, "rev-parse", "--is-shallow-repository") == "true":
        raise LedgerFault("the clone is shallow and lacks history; run: git fetch --unshallow")
    patterns = (
        [branch] if branch.startswith("refs/") else [f"refs/heads/{branch}", f"refs/remotes/{branch}", f"refs/remotes/*/{branch}"]
    )
    listed = _git(repository, "for-each-ref", "--format=%(objectname) %(refname)", *patterns)
    found = [line for line in map(_LINE.fullmatch, listed.splitlines()) if line is not None]
    if not found:
        raise LedgerFault(f"the clone has no branch {branch}; run: git fetch origin {branch}:refs/remotes/origin/{branch}")
    first = found[0]  # for-each-ref sorts: heads before remotes, as git itself resolves the name
    others = tuple(line["ref"] for line in found if line["commit"] != first["commit"])
    if others and not first["ref"].startswith("refs/heads/"):
        raise LedgerFault(f"several remotes have a branch {branch}; name one with --branch: {first['ref']}, {', '.join(others)}")
    return Branch(repository, first["ref"], Sha(first["commit"]), others)


def is_long(branch: Branch) -> bool:
    """Say whether the branch is long enough for a quick look to pay off."""
    return int(_git(branch.repository, "rev-list", "--count", branch.tip)) >= _LONG


def _git(repository: Path, *args: str) -> str:
    try:
        return run_git(args, cwd=repository, env_extra=_NO_NETWORK, config=OFFLINE).decode(errors="replace").strip()
    except GitFailed as failed:
        raise LedgerFault(f"{repository} cannot be read as a git repository: {failed.stderr}") from None
