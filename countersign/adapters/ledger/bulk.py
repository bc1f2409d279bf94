"""Reads many git objects in one go, their names computed anew from their bytes."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from countersign.adapters.gitcmd import OFFLINE, run_git
from countersign.domain.outcomes import GitFault

_SECONDS = 600
_HEADER_WORDS = 3


def read_objects(repository: Path, names: Sequence[str], kind: str) -> Iterator[bytes]:
    """Give the bytes of objects of one kind, in the order asked.

    Raises:
        GitFault: one is missing, of another kind, or its bytes do not give its name.
    """
    if not names:
        return
    asked = ("\n".join(names) + "\n").encode()
    given = run_git(
        ["cat-file", "--batch", "--buffer"],
        cwd=repository,
        input=asked,
        env_extra={"GIT_ALLOW_PROTOCOL": "none"},
        config=OFFLINE,
        timeout=_SECONDS,
    )
    at = 0
    for name in names:
        end = given.find(b"\n", at)
        header = given[at:end].split()
        if end < 0 or len(header) != _HEADER_WORDS or header[1] != kind.encode():
            raise GitFault(f"{kind} {name} is missing or cannot be read")
        size = int(header[2])
        data = given[end + 1 : end + 1 + size]
        if hashlib.sha1(b"%b %d\0%b" % (header[1], size, data), usedforsecurity=False).hexdigest() != name:
            raise GitFault(f"{kind} {name} does not hold what its name says")
        at = end + size + 2
        yield data
