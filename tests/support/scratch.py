"""A small repository with a work tree, as people have them: commits, branches, and merge request heads that were fetched."""

from collections.abc import Mapping
from pathlib import Path

from countersign.adapters.gitcmd import run_git
from countersign.domain.ids import Sha

_NOBODY = {
    "GIT_AUTHOR_NAME": "Dana",
    "GIT_AUTHOR_EMAIL": "dana@shop.example",
    "GIT_COMMITTER_NAME": "Dana",
    "GIT_COMMITTER_EMAIL": "dana@shop.example",
}


class Scratch:
    """A repository in a folder, on branch `main`."""

    def __init__(self, folder: Path) -> None:
        """Make it, without any commit."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", ".")

    def git(self, *args: str) -> str:
        """Run git in it."""
        return run_git(args, cwd=self.folder, env_extra=_NOBODY).decode().strip()

    def write(self, files: Mapping[str, str]) -> None:
        """Put files into the work tree."""
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)

    def commit(self, files: Mapping[str, str], message: str = "Change things", *, branch: str = "main") -> Sha:
        """Commit files on a branch, which begins at main; come back to main."""
        if branch != "main":
            self.git("checkout", "--quiet", "-B", branch, "main")
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        head = Sha(self.git("rev-parse", "HEAD"))
        if branch != "main":
            self.git("checkout", "--quiet", "main")
        return head

    def point(self, ref: str, commit: Sha) -> None:
        """Make or move a reference."""
        self.git("update-ref", ref, commit)

    def everything(self) -> dict[str, bytes]:
        """Give every file of the repository, git's own too, to see that nothing was touched."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name != "index"
        }
