"""Lays out what a run gets to see: the files that the plan names, by the blobs that were approved.

Never a checkout: no filters, hooks, submodules or links can play a part (attack 36).
"""

from countersign.domain.decision import Plan
from countersign.domain.outcomes import Refused
from countersign.domain.paths import check_path
from countersign.domain.ports import Files, Repository

_FILE_LIMIT = 8 * 1024 * 1024
_TOTAL_LIMIT = 32 * 1024 * 1024


def lay_out(plan: Plan, repository: Repository) -> Files:
    """Read the plan's inputs.

    Raises:
        Refused: together they are more than 32 MiB.
        GitFault: a blob is not there, or one is above 8 MiB.
    """
    files: dict[str, bytes] = {}
    total = 0
    for path, blob in plan.inputs:
        check_path(path)
        files[path] = repository.blob(blob, limit=_FILE_LIMIT)
        total += len(files[path])
        if total > _TOTAL_LIMIT:
            raise Refused("sandbox", f"the action's files are more than {_TOTAL_LIMIT} bytes together; split the change")
    return files
