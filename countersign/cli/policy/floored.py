"""The policy of a commit in a clone, with a copy of the floor that it extends: other projects are not read here."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from countersign.adapters.clone import Clone, CloneRepository
from countersign.adapters.policies import Policies
from countersign.cli.policy import action
from countersign.domain.outcomes import GitFault
from countersign.domain.ports import Repository


class _Everywhere(Mapping[str, bytes]):
    """One file, whatever path is asked for: which one it is, the policy says that extends it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __getitem__(self, path: str) -> bytes:
        return self._data

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def floored(clone: Clone, scratch: Path, floor: Path | None) -> Policies:
    """Give what reads policies, and this file for the floor that one extends.

    Raises:
        MalformedError: the file cannot be read.
    """
    if floor is None:
        return Policies(_unknown)
    copy = CloneRepository(clone, scratch=scratch, branches={}, files=_Everywhere(action.read(floor)))
    return Policies(lambda _: copy)


def _unknown(project: str) -> Repository:
    raise GitFault(f"the policy extends a floor of {project}; give a copy of it with --floor FILE")
