"""The Repository port over a bare copy of the project's objects, by git's plumbing.

Never a work tree: nothing is checked out, so no filter, hook or link can play a part (attack 36). Decides nothing.
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from countersign.adapters.gitblobs import contents_of, sizes_of
from countersign.adapters.gitcmd import GitFailed
from countersign.adapters.gitdiff import compare
from countersign.adapters.gitmirror import HEADS, Mirror
from countersign.domain.branches import is_branch_name
from countersign.domain.commit_people import people_of
from countersign.domain.facts import FileChange
from countersign.domain.ids import MalformedError, Sha
from countersign.domain.outcomes import AbsentFault, GitFault
from countersign.domain.ports import CommitPeople

_MOST_COMMITS = 2000
_TREE = re.compile(rb"([0-9a-f]{40})\0?")
_ENTRY = re.compile(rb"([0-7]{6}) (blob|tree|commit) ([0-9a-f]{40})\t(.*)", re.DOTALL)
_PLAIN = {b"100644", b"100755"}


class GitRepository:
    """One project's git objects, fetched with one's own token. Every method raises GitFault when git fails."""

    def __init__(self, *, url: str, directory: Path, token: str | None = None, timeout: float = 120) -> None:
        """Name the remote, where the objects are kept, and the token to fetch with. `timeout` is in seconds, a command."""
        self.mirror = Mirror(url=url, directory=directory, token=token, timeout=timeout)

    @classmethod
    def over(cls, mirror: Mirror) -> Self:
        """Look at objects that are somewhere already."""
        repository = cls.__new__(cls)
        repository.mirror = mirror
        return repository

    def fetch(self) -> None:
        """Bring the local copy up to date: branches (the audit branch is one) and merge request heads."""
        self.mirror.fetch()

    def tip(self, branch: str) -> Sha | None:
        """Give the commit at the tip of a branch; None where there is no such branch."""
        if not is_branch_name(branch):
            return None
        try:
            name = self.mirror.run(["rev-parse", "--verify", "--quiet", f"{HEADS}{branch}^{{commit}}"])
        except GitFailed as failed:
            if failed.status == 1 and not failed.stderr:
                return None
            raise
        return Sha(name.decode().strip())

    def read(self, commit: Sha, path: str, *, limit: int) -> bytes | None:
        """Give a file's bytes at a commit; None where there is none, or a directory. A link or submodule is a GitFault."""
        self._expect(commit, "commit")
        listed = self.mirror.run(["ls-tree", "-z", "--full-tree", commit, "--", path])
        for record in listed.split(b"\0")[:-1]:
            entry = _ENTRY.fullmatch(record)
            if entry is None:
                raise GitFault("git ls-tree answers what is not an entry of a tree")
            if entry[4] == path.encode() and entry[2] != b"tree":
                if entry[1] not in _PLAIN:
                    raise GitFault(f"{path!r} at {commit[:12]} is no plain file")
                return self.blob(Sha(entry[3].decode()), limit=limit)
        return None

    def blob(self, blob: Sha, *, limit: int) -> bytes:
        """Give a blob's bytes. One above the limit (bytes) is a GitFault, told before it is read."""
        size = self._expect(blob, "blob")
        if size > limit:
            raise GitFault(f"blob {blob[:12]} has {size} bytes, more than the {limit} allowed")
        data = self.mirror.run(["cat-file", "blob", blob])
        if len(data) != size:
            raise GitFault(f"blob {blob[:12]} was cut short")
        return data

    def sizes(self, blobs: Collection[Sha]) -> Mapping[Sha, int]:
        """Give the size of each blob, in bytes."""
        return sizes_of(self.mirror, blobs)

    def blobs(self, blobs: Collection[Sha]) -> Mapping[Sha, bytes]:
        """Give the contents of many blobs at once; whoever asks has looked at their sizes."""
        return contents_of(self.mirror, blobs)

    def merged_tree(self, base: Sha, head: Sha) -> Sha | None:
        """Give the tree that merging head into base would make; None where they conflict or have no common history."""
        for commit in (base, head):
            self._expect(commit, "commit")
        if not self._related(base, head):
            return None
        try:
            answer = self.mirror.run(["merge-tree", "--write-tree", "--no-messages", "-z", base, head])
        except GitFailed as failed:
            if failed.status == 1 and _TREE.match(failed.stdout):
                return None
            raise
        tree = _TREE.fullmatch(answer)
        if tree is None:
            raise GitFault("git merge-tree answers what is not a tree")
        return Sha(tree[1].decode())

    def changes(self, base: Sha, tree: Sha) -> tuple[FileChange, ...]:
        """Compare a commit's tree with a tree: raw, no renames, line counts and kinds included."""
        self._expect(base, "commit")
        return compare(self.mirror, base, tree)

    def people(self, base: Sha, head: Sha) -> tuple[CommitPeople, ...]:
        """Tell who is named in each commit that head has and base has not, oldest first."""
        for commit in (base, head):
            self._expect(commit, "commit")
        limit = f"--max-count={_MOST_COMMITS + 1}"
        commits = self.mirror.run(["rev-list", "--topo-order", "--reverse", limit, head, f"^{base}", "--"]).decode().split()
        if len(commits) > _MOST_COMMITS:
            raise GitFault(f"the change has more than {_MOST_COMMITS} commits; split it")
        try:
            return tuple(people_of(Sha(name), self.mirror.run(["cat-file", "commit", name])) for name in commits)
        except MalformedError as error:
            raise GitFault(str(error)) from None

    def is_ancestor(self, ancestor: Sha, commit: Sha) -> bool:
        """Say whether a commit is among another's ancestors, or is that commit."""
        for name in (ancestor, commit):
            self._expect(name, "commit")
        try:
            self.mirror.run(["merge-base", "--is-ancestor", ancestor, commit])
        except GitFailed as failed:
            if failed.status == 1 and not failed.stderr:
                return False
            raise
        return True

    def committed(self, commit: Sha) -> datetime:
        """Give the time that a commit bears as its committer's, UTC."""
        self._expect(commit, "commit")
        return datetime.fromtimestamp(int(self.mirror.run(["show", "--no-patch", "--format=%ct", commit])), UTC)

    def _related(self, base: Sha, head: Sha) -> bool:
        try:
            self.mirror.run(["merge-base", base, head])
        except GitFailed as failed:
            if failed.status == 1 and not failed.stderr:
                return False
            raise
        return True

    def _expect(self, name: Sha, kind: str) -> int:
        """See that an object is there and is of this kind; give its size in bytes."""
        answer = self.mirror.run(["cat-file", "--batch-check"], stdin=f"{name}\n".encode()).decode().split()
        if kind == "commit" and answer == [name, "missing"]:
            raise AbsentFault(f"{name[:40]} was not fetched, or is no longer there")
        if len(answer) != 3 or answer[:2] != [name, kind]:  # noqa: PLR2004 - name, kind, size
            raise GitFault(f"{name[:40]} is no {kind} that was fetched")
        return int(answer[2])
