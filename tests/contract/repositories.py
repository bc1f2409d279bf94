"""The two repositories that the contract suite compares, each with hands on its remote side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from countersign.adapters.git import GitRepository
from countersign.domain.ids import Sha
from tests.fakes.git_objects import File
from tests.fakes.repository import FakeRepository
from tests.support.git_origin import GitOrigin

ABSENT = Sha("1" * 40)


class Origin(Protocol):
    """The hands on the remote side."""

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
    ) -> Sha: ...

    def point(self, branch: str, commit: Sha) -> None: ...

    def delete(self, branch: str) -> None: ...


@dataclass(frozen=True)
class Pair:
    origin: Origin
    repository: FakeRepository | GitRepository


def in_memory(_place: Path) -> Pair:
    fake = FakeRepository()
    return Pair(fake, fake)


def with_git(place: Path) -> Pair:
    origin = GitOrigin(place / "origin.git")
    return Pair(origin, GitRepository(url=origin.url, directory=place / "copy"))


MAKERS = {"memory": in_memory, "git": with_git}
