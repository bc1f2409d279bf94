"""The diff of a change, for people: what its record was decided on, as long as the clone still has it.

Records compare the protected branch's tip with the tree that merging would give. Where that tree is not in the clone, the head
is compared with where it branched off, which is the same unless the base moved or a conflict was resolved: it is said.

Nothing but the clone's objects is read: whoever filled it, or wrote the change, could have its settings and attributes leave out
text ("Binary files differ"), and the same change would look otherwise in another clone.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from countersign.adapters.gitcmd import OFFLINE, GitFailed, run_git
from countersign.attestation.accounts.plain import Plain, text
from countersign.domain.ids import MalformedError, Sha, sha
from countersign.domain.outcomes import GitFault

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
        GitFault: git does not answer, or there is no room to compare in.
    """
    if not repository.is_dir():
        return ShownDiff("", "There is no clone of the code here.")
    try:
        base, head, tree = (sha(text(about, name) or "") for name in ("base", "head", "tree"))
    except MalformedError:
        return ShownDiff("", "The records name no base and tree to compare.")
    unknown = f"This clone holds neither tree {tree[:12]} nor commit {head[:12]}; fetch the change's branch to see its diff."
    try:
        with _apart(repository) as git:
            return _diff(git, base, head, tree) or ShownDiff("", unknown)
    except GitFailed:
        return ShownDiff("", unknown)
    except OSError as error:
        raise GitFault(f"no temporary folder to compare in: {error.strerror}") from None


@contextmanager
def _apart(repository: Path) -> Iterator[Callable[[Sequence[str]], bytes]]:
    """Give git in a repository that has the clone's objects and nothing else.

    Raises:
        GitFailed: there is no clone.
        OSError: there is no room for such a repository.
    """
    alone = {"GIT_ALLOW_PROTOCOL": "none"}
    found = run_git(["rev-parse", "--git-path", "objects"], cwd=repository, env_extra=alone, config=OFFLINE)
    objects = (repository / os.fsdecode(found).removesuffix("\n")).absolute()
    with TemporaryDirectory(prefix="countersign-") as folder:
        Path(folder, "HEAD").write_text("ref: refs/heads/none\n")
        Path(folder, "refs").mkdir()
        here = {"GIT_DIR": folder, "GIT_OBJECT_DIRECTORY": str(objects), "GIT_SHALLOW_FILE": str(objects.parent / "shallow")}
        yield partial(run_git, cwd=Path(folder), env_extra=alone | here, config=OFFLINE)


def _diff(git: Callable[[Sequence[str]], bytes], base: Sha, head: Sha, tree: Sha) -> ShownDiff | None:
    for revisions, why in (
        ((base, tree), ""),
        ((f"{base}...{head}",), "The merged tree is not in this clone: this compares the head with where it branched off."),
    ):
        try:
            raw = git(["diff", *_ARGS, *revisions])
        except GitFailed:
            continue
        if len(raw) > LIMIT:
            cut = f"{why} Cut: {len(raw)} bytes are more than is shown.".strip()
            return ShownDiff(raw[:LIMIT].decode(errors="replace"), cut)
        return ShownDiff(raw.decode(errors="replace"), why)
    return None
