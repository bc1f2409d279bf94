"""Names of things, checked once where they enter.

A value of these types is well formed; it says nothing about whether the thing exists.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import NewType

Sha = NewType("Sha", str)
"""A git object name: 40 lower-case hexadecimal digits."""

Digest = NewType("Digest", str)
"""`sha256:` and 64 lower-case hexadecimal digits."""

RunId = NewType("RunId", str)
"""`run-` and 20 base-32 characters. The same change and head always give the same one."""

_SHA = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PROJECT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
MAX_PROJECT = 255
"""Characters of a project's path, each of one byte."""


class MalformedError(ValueError):
    """A name, path or number that is not of its form. The text is safe to show to whoever sent it."""


@dataclass(frozen=True, slots=True, order=True)
class ChangeRef:
    """One merge or pull request: `group/project` and its number within the project."""

    project: str
    iid: int

    def __post_init__(self) -> None:
        """Refuse what no forge would accept.

        Raises:
            MalformedError: the project path or the number is not of its form.
        """
        if not _PROJECT.fullmatch(self.project) or len(self.project) > MAX_PROJECT or ".." in self.project:
            raise MalformedError("project must be a path such as group/project")
        if isinstance(self.iid, bool) or not 1 <= self.iid < 2**31:
            raise MalformedError("change number must be a positive integer")

    def __str__(self) -> str:
        """Write it as forges do: `group/project!7`."""
        return f"{self.project}!{self.iid}"


def sha(text: str) -> Sha:
    """Check a git object name.

    Raises:
        MalformedError: not 40 lower-case hexadecimal digits.
    """
    if not _SHA.fullmatch(text):
        raise MalformedError("not a full git commit id (40 lower-case hexadecimal digits)")
    return Sha(text)


def digest(text: str) -> Digest:
    """Check a digest.

    Raises:
        MalformedError: not `sha256:` with 64 lower-case hexadecimal digits.
    """
    if not _DIGEST.fullmatch(text):
        raise MalformedError("not a digest (sha256: and 64 lower-case hexadecimal digits)")
    return Digest(text)


def digest_of(data: bytes) -> Digest:
    """Give the SHA-256 digest of the bytes."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def run_id(change: ChangeRef, head: Sha) -> RunId:
    """Name the one run that a change may have at one head.

    It is derived, not drawn: a runner that starts again after a crash, or a second one, arrives at the same name,
    and so does whoever cleans up. 100 bits: no two changes share one by accident.
    """
    raw = hashlib.sha256(f"countersign/run/v1\n{change.project}\n{change.iid}\n{head}\n".encode()).digest()
    number = int.from_bytes(raw[:13], "big") >> 4
    return RunId("run-" + "".join(_BASE32[(number >> (5 * place)) & 31] for place in range(20)))
