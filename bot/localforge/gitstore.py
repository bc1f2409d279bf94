"""Bare repositories on disk: what is in one, and moving its refs. Does not know who may do what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.localforge import commits, diffs
from bot.localforge.commits import Commit, Signature
from bot.localforge.diffs import FileDiff
from bot.localforge.git import GitError, run_git

NOTHING = "0" * 40
"""How git writes that a ref is not there."""

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass(frozen=True, slots=True)
class Moved:
    """A ref that was moved, made (`old` is NOTHING) or taken away (`new` is)."""

    ref: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a tree. `kind` is `blob`, `tree` or `commit`."""

    mode: str
    kind: str
    sha: str
    path: str


@dataclass(frozen=True, slots=True)
class Repository:
    """One bare repository."""

    path: Path

    def create(self, default_branch: str) -> None:
        """Make it, empty."""
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={default_branch}", ".")
        for key, value in {
            "core.hooksPath": "../../hooks",
            "http.receivepack": "true",
            "receive.fsckObjects": "true",
            "receive.advertisePushOptions": "true",
            "receive.denyDeleteCurrent": "ignore",
            "receive.hideRefs": "refs/merge-requests",
            "uploadpack.allowReachableSHA1InWant": "true",
            "uploadpack.allowFilter": "true",
        }.items():
            self.git("config", key, value)

    def git(
        self, *args: str, stdin: bytes = b"", fine: Sequence[int] = (0,), environment: Mapping[str, str] | None = None
    ) -> bytes:
        """Run git in it."""
        return run_git(args, cwd=self.path, stdin=stdin, environment=environment, fine=fine)

    def commit(self, name: str) -> str | None:
        """Find the commit that a branch, tag or hash names."""
        if not name or name.startswith("-"):
            return None
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", name):
            spec = f"{candidate}^{{commit}}"
            found = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", spec, fine=(0, 1, 128)).decode().split()
            if found:
                return found[-1]
        return None

    def branch(self, name: str) -> str | None:
        """Give the commit at the tip of a branch."""
        return self.ref(f"refs/heads/{name}")

    def ref(self, name: str) -> str | None:
        """Give the commit that a ref names."""
        return self.refs(name).get(name)

    def refs(self, prefix: str) -> dict[str, str]:
        """Give the refs of a name, or below it, by name."""
        written = self.git("for-each-ref", "--format=%(objectname) %(refname)", prefix).decode()
        return {name: sha for sha, _, name in (line.partition(" ") for line in written.splitlines())}

    def branches(self) -> dict[str, str]:
        """Give all branches and their tips, by name."""
        return {name.removeprefix("refs/heads/"): sha for name, sha in sorted(self.refs("refs/heads/").items())}

    def move(self, ref: str, new: str, old: str) -> None:
        """Set a ref, if it still is what it was; NOTHING stands for not there.

        Raises:
            GitError: it is not, or `ref` is no name for one.
        """
        self.git("update-ref", "--no-deref", ref, new, old)

    def delete(self, ref: str) -> None:
        """Take a ref away."""
        self.git("update-ref", "-d", ref)

    def valid(self, branch: str) -> bool:
        """Say whether a branch may be called so."""
        try:
            self.git("check-ref-format", "--branch", branch)
        except GitError:
            return False
        return True

    def log(self, *what: str, most: int | None = None, skip: int = 0, path: str = "") -> list[Commit]:
        """Give commits, newest first. `what` is what `git log` takes for a range."""
        limits = [f"--skip={skip}"] if most is None else [f"--skip={skip}", f"--max-count={most}"]
        paths = ["--", path] if path else ["--"]
        return commits.parse(self.git("log", f"--format={commits.FORMAT}", *limits, *what, *paths))

    def show(self, sha: str) -> Commit:
        """Give one commit."""
        return self.log("--no-walk", sha)[0]

    def count(self, *what: str) -> int:
        """Count commits."""
        return int(self.git("rev-list", "--count", *what, "--"))

    def merge_base(self, one: str, other: str) -> str | None:
        """Give the best common ancestor."""
        return self.git("merge-base", one, other, fine=(0, 1)).decode().strip() or None

    def contains(self, newer: str, older: str) -> bool:
        """Say whether one commit is among another's ancestors, or the same."""
        return self.merge_base(newer, older) == older

    def tree(self, commit: str, path: str = "", *, recursive: bool = False) -> list[Entry]:
        """List what is in a folder of a commit; nothing where there is no such folder."""
        options = ["-r", "-t"] if recursive else []
        spec = f"{commit}:{path.strip('/')}"
        written = self.git("ls-tree", "-z", *options, "--end-of-options", spec, fine=(0, 128)).decode(errors="replace")
        start = f"{path.strip('/')}/" if path.strip("/") else ""
        found = []
        for line in written.split("\0")[:-1]:
            meta, _, name = line.partition("\t")
            mode, kind, sha = meta.split()
            found.append(Entry(mode, kind, sha, start + name))
        return found

    def entry(self, commit: str, path: str) -> Entry | None:
        """Find one file or folder of a commit."""
        written = self.git("ls-tree", "-z", "--end-of-options", commit, f":(literal){path}", fine=(0, 128)).decode(errors="replace")
        meta, _, name = written.rstrip("\0").partition("\t")
        if name != path:
            return None
        mode, kind, sha = meta.split()
        return Entry(mode, kind, sha, name)

    def blob(self, sha: str) -> bytes:
        """Give a blob's bytes."""
        return self.git("cat-file", "blob", sha)

    def diff(self, old: str, new: str, *, context: int = 3) -> list[FileDiff]:
        """Compare two trees, renames found."""
        raw = self.git("diff-tree", "-r", "-M", "--raw", "--full-index", "--no-abbrev", "-z", old, new, "--")
        patch = self.git("diff-tree", "-r", "-M", "-p", f"-U{context}", "--no-color", "--no-ext-diff", old, new, "--")
        return diffs.parse(raw, patch)

    def names(self, commit: Commit) -> list[tuple[str, str]]:
        """Give what a commit did to which files, as git's status letters and paths; renames not followed."""
        written = self.git("diff-tree", "-r", "--root", "--name-status", "--no-commit-id", "-z", "-m", "--first-parent", commit.sha)
        words = iter(written.decode(errors="replace").split("\0")[:-1])
        return list(zip(words, words, strict=True))

    def stats(self, old: str, new: str) -> tuple[int, int]:
        """Count lines added and deleted."""
        lines = self.git("diff-tree", "-r", "--numstat", old, new, "--").decode(errors="replace").splitlines()
        numbers = [line.split("\t")[:2] for line in lines if not line.startswith("-")]
        return sum(int(added) for added, _ in numbers), sum(int(gone) for _, gone in numbers)

    def merged(self, one: str, other: str) -> str | None:
        """Give the tree that merging makes; None where they conflict."""
        written = self.git("merge-tree", "--write-tree", "--allow-unrelated-histories", one, other, fine=(0, 1)).decode()
        tree, *conflicts = written.split()
        return None if conflicts else tree

    def write_commit(self, tree: str, parents: Sequence[str], author: Signature, committer: Signature, message: str) -> str:
        """Make a commit of a tree."""
        options = [option for parent in parents for option in ("-p", parent)]
        environment = author.for_git("AUTHOR") | committer.for_git("COMMITTER")
        return self.git("commit-tree", tree, *options, stdin=message.encode(), environment=environment).decode().strip()

    def take(self, other: "Repository", source: str, ref: str) -> None:
        """Fetch a commit out of another repository and name it here."""
        self.git("fetch", "--quiet", "--no-tags", str(other.path), f"+{source}:{ref}")
