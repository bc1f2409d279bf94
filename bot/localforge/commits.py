"""Commits as git tells them: parsed once, here. Runs no git itself; `Repository` gives it the bytes."""

from dataclasses import dataclass

FORMAT = "%H%x00%P%x00%T%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00"
"""What to ask `git log` for. No field can hold a NUL."""

_FIELDS = 10


@dataclass(frozen=True, slots=True)
class Signature:
    """A person in a commit; `at` is ISO 8601 with the person's offset."""

    name: str
    email: str
    at: str

    def for_git(self, role: str) -> dict[str, str]:
        """Give the environment that makes git write it; `role` is AUTHOR or COMMITTER."""
        return {f"GIT_{role}_NAME": self.name, f"GIT_{role}_EMAIL": self.email, f"GIT_{role}_DATE": self.at}


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit."""

    sha: str
    parents: tuple[str, ...]
    tree: str
    author: Signature
    committer: Signature
    message: str

    @property
    def title(self) -> str:
        """Give the first line."""
        return self.message.split("\n", 1)[0]


def parse(written: bytes) -> list[Commit]:
    """Read what `git log --format=FORMAT` wrote."""
    parts = written.decode(errors="replace").split("\0")
    found = []
    for start in range(0, len(parts) - _FIELDS, _FIELDS):
        sha, parents, tree, *people, message = parts[start : start + _FIELDS]
        author, committer = Signature(*people[:3]), Signature(*people[3:])
        found.append(Commit(sha.strip(), tuple(parents.split()), tree, author, committer, message))
    return found
