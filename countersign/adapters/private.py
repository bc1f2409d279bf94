"""Says whether a file is for its owner alone, as one that holds a secret must be. Reads nothing of what is in it."""

from pathlib import Path

from countersign.domain.ids import MalformedError

_OTHERS = 0o037
"""Its group may read it: a Kubernetes Secret with fsGroup is 0440."""


def check_private(path: Path) -> None:
    """Return if nobody else can read it, and its group cannot write it.

    Raises:
        OSError: it is not there, or cannot be looked at.
        MalformedError: others can; the text says what to do, without the path.
    """
    if path.stat().st_mode & _OTHERS:
        raise MalformedError("can be read by others or written by its group; chmod 600 it")
