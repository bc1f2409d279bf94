"""A git repository in memory that implements the Repository port, with object names as git would give them.

Passes the same contract suite as the real adapter (tests/contract/test_repository.py), but for one thing: it merges whole
files, so two sides that change different lines of one file conflict here and not in git.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from countersign.domain.commit_people import people_of
from countersign.domain.facts import FileChange
from countersign.domain.ids import Sha
from countersign.domain.outcomes import AbsentFault, GitFault, NoRepositoryFault
from countersign.domain.ports import Change, CommitPeople
from tests.fakes.git_compare import Tree, compared, differing
from tests.fakes.git_objects import SUBMODULE, SYMLINK, File, object_name, tree_name

Trailers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Commit:
    tree: Sha
    parents: tuple[Sha, ...]
    people: CommitPeople
    when: datetime


class FakeRepository:
    """The remote side is changed by `commit`, `point`, `delete`, `merger`; the port sees it after the next `fetch`."""

    def __init__(self) -> None:
        """Start with no commit."""
        self._trees: dict[Sha, dict[str, File]] = {}
        self._blobs: dict[Sha, bytes] = {}
        self._commits: dict[Sha, _Commit] = {}
        self._branches: dict[str, Sha] = {}
        self._fetched_branches: dict[str, Sha] = {}
        self._fetched_commits: frozenset[Sha] = frozenset()
        self._failures: list[tuple[str | None, str]] = []
        self.calls: list[str] = []
        self.gone = False
        """Whether the remote side was deleted."""

    def commit(
        self,
        files: Mapping[str, File | bytes | str | None],
        *,
        branch: str = "main",
        parent: Sha | None = None,
        second_parent: Sha | None = None,
        author: str = "dana@example.com",
        committer: str | None = None,
        trailers: Iterable[tuple[str, str]] = (),
        message: str = "Change things",
    ) -> Sha:
        """Put files on top of a parent (or of the branch's tip), None deleting one, and move the branch there."""
        first = parent or self._branches.get(branch)
        tree = dict(self._trees[self._commits[first].tree]) if first else {}
        for path, value in files.items():
            if value is None:
                del tree[path]
            else:
                tree[path] = value if isinstance(value, File) else File(value.encode() if isinstance(value, str) else value)
        parents = tuple(one for one in (first, second_parent) if one)
        name = self._store(tree, parents, author, committer or author, message, tuple(trailers))
        self._branches[branch] = name
        return name

    def point(self, branch: str, commit: Sha) -> None:
        """Point a branch at a commit."""
        self._branches[branch] = commit

    def delete(self, branch: str) -> None:
        """Delete a branch."""
        del self._branches[branch]

    def merger(self, branch: str = "main") -> Callable[[Change], Sha]:
        """Give a function for `ForgeWorld`: it merges a change's head into the branch."""

        def merge(change: Change) -> Sha:
            tip = self._branches[branch]
            tree = self._merge(tip, change.head)
            if tree is None:
                raise GitFault(f"{change.ref} conflicts")
            people = ("merge@example.com", "merge@example.com")
            self._branches[branch] = self._store(tree, (tip, change.head), *people, f"Merge {change.source_branch}")
            return self._branches[branch]

        return merge

    def files(self, branch: str) -> dict[str, bytes]:
        """Give the files at the remote tip of a branch."""
        return {path: file.data for path, file in self._trees[self._commits[self._branches[branch]].tree].items()}

    def fail_next(self, method: str | None = None, *, why: str = "git is away", times: int = 1) -> None:
        """Let the next calls (of one method) fail."""
        self._failures.extend((method, why) for _ in range(times))

    def fetch(self) -> None:
        """Bring the local copy up to date."""
        self._called("fetch")
        if self.gone:
            raise NoRepositoryFault("there is no such repository")
        self._fetched_branches = dict(self._branches)
        self._fetched_commits = frozenset(self._commits)

    def tip(self, branch: str) -> Sha | None:
        """Give the commit at the tip of a branch."""
        self._called("tip")
        return self._fetched_branches.get(branch)

    def read(self, commit: Sha, path: str, *, limit: int) -> bytes | None:
        """Give a file's bytes at a commit."""
        self._called("read")
        file = self._trees[self._commit(commit).tree].get(path)
        if file is None:
            return None
        if file.mode in {SYMLINK, SUBMODULE}:
            raise GitFault(f"{path!r} is no plain file")
        return self._limited(file.data, limit)

    def blob(self, blob: Sha, *, limit: int) -> bytes:
        """Give a blob's bytes."""
        self._called("blob")
        if blob not in self._blobs:
            raise GitFault(f"no blob {blob}")
        return self._limited(self._blobs[blob], limit)

    def sizes(self, blobs: Collection[Sha]) -> Mapping[Sha, int]:
        """Give the size of each blob."""
        return {name: len(data) for name, data in self.blobs(blobs).items()}

    def blobs(self, blobs: Collection[Sha]) -> Mapping[Sha, bytes]:
        """Give the contents of many blobs."""
        self._called("blobs")
        if not self._blobs.keys() >= set(blobs):
            raise GitFault("a blob was not fetched")
        return {name: self._blobs[name] for name in blobs}

    def merged_tree(self, base: Sha, head: Sha) -> Sha | None:
        """Give the tree that merging head into base would make."""
        self._called("merged_tree")
        self._commit(base)
        self._commit(head)
        tree = self._merge(base, head)
        return None if tree is None else self._keep(tree)

    def changes(self, base: Sha, tree: Sha) -> tuple[FileChange, ...]:
        """Compare a commit's tree with a tree."""
        self._called("changes")
        if tree not in self._trees:
            raise GitFault(f"no tree {tree}")
        old, new = self._trees[self._commit(base).tree], self._trees[tree]
        return tuple(compared(path, old.get(path), new.get(path)) for path in differing(old, new))

    def people(self, base: Sha, head: Sha) -> tuple[CommitPeople, ...]:
        """Tell who is named in each commit that head has and base has not."""
        self._called("people")
        self._commit(base)
        self._commit(head)
        return tuple(self._commits[name].people for name in self._beyond(base, head))

    def is_ancestor(self, ancestor: Sha, commit: Sha) -> bool:
        """Say whether a commit is among another's ancestors, or is that commit."""
        self._called("is_ancestor")
        self._commit(ancestor)
        self._commit(commit)
        return ancestor in self._history(commit)

    def committed(self, commit: Sha) -> datetime:
        """Give the time that a commit bears."""
        self._called("committed")
        return self._commit(commit).when

    def _called(self, method: str) -> None:
        self.calls.append(method)
        for failure in self._failures:
            if failure[0] in {None, method}:
                self._failures.remove(failure)
                raise GitFault(failure[1])

    def _limited(self, data: bytes, limit: int) -> bytes:
        if len(data) > limit:
            raise GitFault(f"{len(data)} bytes, more than the {limit} allowed")
        return data

    def _commit(self, name: Sha) -> _Commit:
        if name not in self._fetched_commits:
            raise AbsentFault(f"no commit {name}")
        return self._commits[name]

    def _keep(self, tree: Tree) -> Sha:
        name = tree_name(tree)
        self._trees[name] = dict(tree)
        self._blobs.update({file.name: file.data for file in tree.values() if file.mode != SUBMODULE})
        return name

    def _store(
        self, tree: Tree, parents: tuple[Sha, ...], author: str, committer: str, message: str, trailers: Trailers = ()
    ) -> Sha:
        kept = self._keep(tree)
        when = 1_800_000_000 + 60 * len(self._commits)
        lines = [f"tree {kept}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author Somebody <{author}> {when} +0000", f"committer Somebody <{committer}> {when} +0000", "", message]
        lines += ["", *(f"{key}: {value}" for key, value in trailers)] if trailers else []
        raw = ("\n".join(lines) + "\n").encode()
        name = object_name("commit", raw)
        self._commits[name] = _Commit(kept, parents, people_of(name, raw), datetime.fromtimestamp(when, UTC))
        return name

    def _history(self, name: Sha) -> dict[Sha, None]:
        """Give a commit and its ancestors, newest first."""
        found: dict[Sha, None] = {}
        waiting = [name]
        while waiting:
            one = waiting.pop(0)
            if one not in found:
                found[one] = None
                waiting.extend(self._commits[one].parents)
        return found

    def _beyond(self, base: Sha, head: Sha) -> list[Sha]:
        known, wanted = self._history(base), self._history(head)
        return [name for name in self._commits if name in wanted and name not in known]

    def _merge(self, base: Sha, head: Sha) -> dict[str, File] | None:
        theirs_history = self._history(head)
        ancestor = next((name for name in self._history(base) if name in theirs_history), None)
        if ancestor is None:
            return None
        old, ours, theirs = (self._trees[self._commits[name].tree] for name in (ancestor, base, head))
        merged = dict(ours)
        for path in differing(old, theirs):
            if ours.get(path) not in {old.get(path), theirs.get(path)}:
                return None
            if path in theirs:
                merged[path] = theirs[path]
            else:
                merged.pop(path, None)
        return merged
