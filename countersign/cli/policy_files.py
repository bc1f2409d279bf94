"""A policy on disk and the files beside it: the repository's from the folder above `.countersign/`, a floor from where it is told.

Opens no network.
"""

from pathlib import Path

from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Source
from countersign.domain.policy_yaml import read_draft


def read_policy(file: Path, *, floor: Path | None = None) -> Policy:
    """Read a policy as a runner would.

    Raises:
        OSError: the policy, or the floor that was named, cannot be read.
        PolicyError: it does not load, or names a floor and none was given.
    """
    draft = read_draft(file.read_bytes(), file=str(file))
    root = file.parent.parent if file.parent.name == ".countersign" else file.parent
    return draft.policy({source: _read(source, root, floor) for source in draft.wants})


def _read(source: Source, root: Path, floor: Path | None) -> bytes | None:
    if source.project:
        return None if floor is None else floor.read_bytes()
    place = root / source.path
    return place.read_bytes() if place.is_file() else None
