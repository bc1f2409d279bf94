"""Measures a change: reads both sides of what differs from git objects, within bounds, and has it analysed. Decides nothing."""

from collections.abc import Mapping

from countersign.domain.analysers.contents import blobs_of, to_read
from countersign.domain.analysis import ATTRIBUTES, analyse
from countersign.domain.facts import Facts
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault
from countersign.domain.ports import Repository

_ATTRIBUTES_LIMIT = 1024 * 1024
_FOLDS_ALL = b"* linguist-generated\n"


def measure(repository: Repository, base: Sha, tree: Sha, *, plans: Mapping[str, bytes] | None = None) -> Facts:
    """Give the facts of a change from the protected tip to the tree that merging would make.

    `plans` are what `terraform show -json` said of the plan of each root module, by directory.

    Raises:
        GitFault: git failed, or an object of the change is not there; try again.
    """
    files = repository.changes(base, tree)
    chosen = to_read(files, repository.sizes(blobs_of(files)))
    return analyse(files, repository.blobs(chosen), attributes=_attributes(repository, base), plans=plans)


def _attributes(repository: Repository, base: Sha) -> str:
    """Give the protected branch's attributes. Where they are a link, or endless, every file counts as folded away."""
    try:
        found = repository.read(base, ATTRIBUTES, limit=_ATTRIBUTES_LIMIT)
    except GitFault:
        found = _FOLDS_ALL
    return (found or b"").decode(errors="replace")
