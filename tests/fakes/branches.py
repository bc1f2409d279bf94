"""Makes commits from diffs in a FakeRepository and pushes them to a ForgeWorld, as PatchBranches does with git."""

from dataclasses import dataclass, field
from datetime import datetime

from countersign.adapters.patch import Identity
from countersign.domain.commit_people import trailers_of
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault
from countersign.domain.patches.apply import apply_hunks
from countersign.domain.patches.model import USUAL, FilePatch, PatchError
from countersign.domain.patches.reader import read_diff
from tests.fakes.forge_world import ForgeWorld
from tests.fakes.git_objects import File
from tests.fakes.repository import FakeRepository

_LIMIT = 1 << 20


@dataclass
class FakeBranches:
    """The same inputs give the same commit. `away` lets pushes fail."""

    repository: FakeRepository
    world: ForgeWorld
    project: str = "acme/shop"
    away: bool = False
    messages: dict[Sha, str] = field(default_factory=dict)
    _made: dict[tuple[object, ...], Sha] = field(default_factory=dict)

    def apply_diff(self, base: Sha, diff: bytes, *, message: str, author: Identity, committer: Identity, when: datetime) -> Sha:
        key = (base, diff, message, author, committer, when)
        if key not in self._made:
            files: dict[str, File | bytes | str | None] = {}
            for patch in read_diff(diff):
                if patch.old is not None:
                    files[patch.old] = None
                files[patch.path] = self._after(base, patch)
            branch = f"objects/{len(self._made)}"
            made = self.repository.commit(
                files,
                branch=branch,
                parent=base,
                author=author.email,
                committer=committer.email,
                message=message.partition("\n\n")[0],
                trailers=trailers_of(message),
            )
            self.repository.delete(branch)
            self._made[key] = made
            self.messages[made] = message
        return self._made[key]

    def push(self, commit: Sha, branch: str) -> None:
        if self.away:
            raise GitFault("the forge is away")
        self.repository.point(branch, commit)
        self.world.branches[self.project, branch] = commit

    def _after(self, base: Sha, patch: FilePatch) -> bytes | None:
        before = b"" if patch.old is None else self.repository.read(base, patch.old, limit=_LIMIT)
        if before is None:
            raise PatchError("the file is not there at the base", file=patch.old, line=patch.line)
        after = apply_hunks(patch, before, bounds=USUAL)
        return None if patch.new is None else after
