"""A bare repository on disk that tests fill with commits by plumbing: the remote side of a GitRepository."""

import itertools
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from countersign.adapters.gitcmd import run_git
from countersign.domain.ids import Sha
from tests.fakes.git_objects import SUBMODULE, File

_EPOCH = 1_800_000_000


class GitOrigin:
    """Takes the same hands as FakeRepository: `commit`, `point`, `delete`."""

    def __init__(self, directory: Path) -> None:
        """Make an empty bare repository."""
        self.directory = directory
        self._index = directory.with_suffix(".index")
        self._times = itertools.count(_EPOCH, 60)
        directory.mkdir(parents=True)
        run_git(["init", "--quiet", "--bare", "--initial-branch=main", "."], cwd=directory)

    @property
    def url(self) -> str:
        """Give the URL to fetch from."""
        return self.directory.as_uri()

    def git(self, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """Run a git command here."""
        return run_git(args, cwd=self.directory, input=stdin, env_extra=env)

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
        first = parent or self.tip(branch)
        env = {"GIT_INDEX_FILE": str(self._index)}
        self.git("read-tree", first or "--empty", env=env)
        entries = b"".join(self._entry(path, value) for path, value in files.items())
        self.git("update-index", "-z", "--index-info", stdin=entries, env=env)
        tree = self.git("write-tree", env=env).decode().strip()
        text = "\n".join([message, "", *(f"{key}: {value}" for key, value in trailers)]).strip() + "\n"
        when = f"{next(self._times)} +0000"
        people = {
            f"GIT_{role}_{part}": value
            for role, email in (("AUTHOR", author), ("COMMITTER", committer or author))
            for part, value in (("NAME", "Somebody"), ("EMAIL", email), ("DATE", when))
        }
        parents = [argument for one in (first, second_parent) if one for argument in ("-p", one)]
        name = Sha(self.git("commit-tree", tree, *parents, stdin=text.encode(), env=people).decode().strip())
        self.point(branch, name)
        return name

    def point(self, branch: str, commit: Sha) -> None:
        """Point a branch at a commit."""
        self.git("update-ref", f"refs/heads/{branch}", commit)

    def delete(self, branch: str) -> None:
        """Delete a branch."""
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def tip(self, branch: str) -> Sha | None:
        """Give the commit at the tip of a branch."""
        found = self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").decode().strip()
        return Sha(found) if found else None

    def _entry(self, path: str, value: File | bytes | str | None) -> bytes:
        if value is None:
            return f"0 {'0' * 40}\t{path}\0".encode()
        file = value if isinstance(value, File) else File(value.encode() if isinstance(value, str) else value)
        if file.mode != SUBMODULE:
            self._keep(file)
        return f"{file.mode} {file.name}\t{path}\0".encode()

    def _keep(self, file: File) -> None:
        """Write a loose object as git does; a process for each of thousands would take minutes."""
        place = self.directory / "objects" / file.name[:2] / file.name[2:]
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(zlib.compress(b"blob %d\0" % len(file.data) + file.data, 1))
