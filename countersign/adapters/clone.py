"""Somebody's clone as the Repository port: reads what is there, fetches nothing, and leaves nothing behind in it.

What git has to write (the tree that a merge would give) goes to a scratch folder. Which commit stands for a branch or a merge
request is told by the references that clones usually have.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from countersign.adapters.git import GitRepository
from countersign.adapters.gitcmd import OFFLINE, GitFailed, run_git
from countersign.adapters.gitmirror import Mirror
from countersign.domain.branches import is_branch_name
from countersign.domain.facts import FileChange
from countersign.domain.ids import MalformedError, Sha
from countersign.domain.outcomes import GitFault
from countersign.domain.ports import CommitPeople

_ALONE = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@{}^~-]{0,254}")
_HEADS = (
    "refs/merge-requests/{iid}/head",
    "refs/pull/{iid}/head",
    "refs/remotes/*/merge-requests/{iid}",
    "refs/remotes/*/merge-requests/{iid}/head",
    "refs/remotes/*/pr/{iid}",
    "refs/remotes/*/pull/{iid}/head",
    "refs/forge/merge-requests/{iid}",
)
"""Where people and forges put the head of a merge or pull request."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone on this machine: its folder, and git's own inside."""

    folder: Path
    git: Path

    @classmethod
    def find(cls, folder: Path) -> "Clone":
        """Find the clone that a folder belongs to.

        Raises:
            GitFault: there is none, or it is shallow.
        """
        try:
            found = _git(folder, "rev-parse", "--is-shallow-repository", "--absolute-git-dir").splitlines()
        except GitFailed:
            raise GitFault(f"{folder} is in no git repository") from None
        if found[0] == "true":
            raise GitFault("the clone is shallow and lacks history; run: git fetch --unshallow")
        return cls(folder, Path(found[1]))

    @property
    def top(self) -> Path | None:
        """Give the folder of the work tree; None where there is none."""
        try:
            return Path(_git(self.folder, "rev-parse", "--show-toplevel"))
        except GitFailed:
            return None

    def resolve(self, revision: str) -> Sha:
        """Give the commit that a revision means.

        Raises:
            MalformedError: it is no way to name one.
            GitFault: the clone has no such commit.
        """
        if not _REVISION.fullmatch(revision):
            raise MalformedError(f"{revision[:80]!r} is no revision")
        try:
            return Sha(_git(self.folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"))
        except GitFailed:
            raise GitFault(f"the clone has no commit {revision!r}") from None

    def branch(self, name: str | None) -> tuple[str, Sha]:
        """Give a branch as the remote had it when it was last fetched, else as it is here; without a name, the usual one.

        Raises:
            MalformedError: no branch can be called that.
            GitFault: the clone has no such branch.
        """
        if name is None:
            try:
                name = _git(self.folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").partition("/")[2]
            except GitFailed:
                name = "main"
        if not is_branch_name(name):
            raise MalformedError(f"{name[:80]!r} is no name of a branch")
        found = self._first([f"refs/remotes/origin/{name}", f"refs/heads/{name}", f"refs/remotes/*/{name}"])
        if found is None:
            raise GitFault(f"the clone has no branch {name!r}; name the protected one with --branch")
        return name, found

    def head_of(self, iid: int) -> Sha:
        """Give the head of a merge or pull request, as it was last fetched.

        Raises:
            GitFault: it was never fetched. The text says how to.
        """
        found = self._first([pattern.format(iid=iid) for pattern in _HEADS])
        if found is None:
            here, there = f"refs/merge-requests/{iid}/head", f"refs/pull/{iid}/head"
            raise GitFault(f"the clone has no head of !{iid}; run: git fetch origin {here}:{here} (on GitHub: {there}:{there})")
        return found

    def committed(self, commit: Sha) -> datetime:
        """Give the time that a commit bears as its committer's, UTC."""
        return datetime.fromtimestamp(int(_git(self.folder, "show", "--no-patch", "--format=%ct", commit)), UTC)

    def remotes(self) -> tuple[str, ...]:
        """Give the addresses of the clone's remotes."""
        try:
            lines = _git(self.folder, "config", "--get-regexp", r"^remote\..*\.url$").splitlines()
        except GitFailed:
            return ()
        return tuple(line.partition(" ")[2] for line in lines)

    def paths(self) -> tuple[str, ...]:
        """List the files that are tracked here, or would be."""
        listed = _git(self.folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--full-name", ":/")
        return tuple(sorted(set(listed.split("\0")) - {""}))

    def _first(self, patterns: Iterable[str]) -> Sha | None:
        for pattern in patterns:
            listed = _git(self.folder, "for-each-ref", "--count=1", "--format=%(objectname)", pattern)
            if listed:
                return self.resolve(listed)
        return None


class CloneRepository:
    """The Repository port over a clone. `branches` are the only names that it knows; `files` stand above every commit's."""

    def __init__(
        self, clone: Clone, *, scratch: Path, branches: Mapping[str, Sha], files: Mapping[str, bytes] | None = None
    ) -> None:
        """Read the clone; git writes to the scratch folder, which whoever calls this takes away."""
        environment = _ALONE | {
            "GIT_OBJECT_DIRECTORY": str(scratch),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(_objects(clone)),
        }
        self._inner = GitRepository.over(Mirror(url="", directory=clone.git, environment=environment))
        self._branches = dict(branches)
        self._files: Mapping[str, bytes] = {} if files is None else files

    def fetch(self) -> None:
        """Do nothing: the clone is looked at as it is."""

    def tip(self, branch: str) -> Sha | None:
        """Give the commit that was named for the branch."""
        return self._branches.get(branch)

    def read(self, commit: Sha, path: str, *, limit: int) -> bytes | None:
        """Give a file's bytes at a commit."""
        return self._files[path] if path in self._files else self._inner.read(commit, path, limit=limit)

    def blob(self, blob: Sha, *, limit: int) -> bytes:
        """Give a blob's bytes."""
        return self._inner.blob(blob, limit=limit)

    def sizes(self, blobs: Collection[Sha]) -> Mapping[Sha, int]:
        """Give the size of each blob, in bytes."""
        return self._inner.sizes(blobs)

    def blobs(self, blobs: Collection[Sha]) -> Mapping[Sha, bytes]:
        """Give the contents of many blobs at once."""
        return self._inner.blobs(blobs)

    def merged_tree(self, base: Sha, head: Sha) -> Sha | None:
        """Give the tree that merging head into base would make."""
        return self._inner.merged_tree(base, head)

    def changes(self, base: Sha, tree: Sha) -> tuple[FileChange, ...]:
        """Compare a commit's tree with a tree."""
        return self._inner.changes(base, tree)

    def people(self, base: Sha, head: Sha) -> tuple[CommitPeople, ...]:
        """Tell who is named in each commit that head has and base has not."""
        return self._inner.people(base, head)


def _objects(clone: Clone) -> Path:
    return (clone.folder / _git(clone.folder, "rev-parse", "--git-path", "objects")).absolute()


def _quoted(path: Path) -> str:
    """Write a path for a list of paths that git splits at colons."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _git(folder: Path, *args: str) -> str:
    return run_git(args, cwd=folder, env_extra=_ALONE, config=OFFLINE).decode(errors="replace").rstrip("\n")
