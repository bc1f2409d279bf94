"""The diff of a change, for people: what its record was decided on, as long as the clone still has it.

Records compare the protected branch's tip with the tree that merging would give. Where that tree is not in the clone, the head
is compared with where it branched off, which is the same unless the base moved or a conflict was resolved: it is said.
"""

from dataclasses import dataclass
from pathlib import Path

from countersign.adapters.gitcmd import OFFLINE, GitFailed, run_git
from countersign.attestation.accounts.plain import Plain, text
from countersign.domain.ids import MalformedError, sha

LIMIT = 512 * 1024
"""Bytes shown; larger ones are cut."""

_ARGS = (
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--diff-algorithm=myers", "--no-indent-heuristic"),
    *("--full-index", "--src-prefix=a/", "--dst-prefix=b/", "--unified=3"),
)


@dataclass(frozen=True, slots=True)
class ShownDiff:
    """A unified diff, empty where it cannot be had; `why` says what has to be known about it."""

    text: str
    why: str


def shown_diff(repository: Path, about: Plain) -> ShownDiff:
    """Give the diff that goes with a record's `change`.

    Raises:
        GitFault: git does not answer.
    """
    if not repository.is_dir():
        return ShownDiff("", "There is no clone of the code here.")
    try:
        base, head, tree = (sha(text(about, name) or "") for name in ("base", "head", "tree"))
    except MalformedError:
        return ShownDiff("", "The records name no base and tree to compare.")
    for old, new, why in (
        (base, tree, ""),
        (f"{base}...{head}", None, "The merged tree is not in this clone: this compares the head with where it branched off."),
    ):
        command = ["diff", *_ARGS, old, *([] if new is None else [new])]
        try:
            raw = run_git(command, cwd=repository, env_extra={"GIT_ALLOW_PROTOCOL": "none"}, config=OFFLINE)
        except GitFailed:
            continue
        if len(raw) > LIMIT:
            cut = f"{why} Cut: {len(raw)} bytes are more than is shown.".strip()
            return ShownDiff(raw[:LIMIT].decode(errors="replace"), cut)
        return ShownDiff(raw.decode(errors="replace"), why)
    return ShownDiff(
        "", f"This clone holds neither tree {tree[:12]} nor commit {head[:12]}; fetch the change's branch to see its diff."
    )
