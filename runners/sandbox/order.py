"""Writes the order that a container takes from standard input (see `entry.py`): the one place where a credential leaves."""

import json
import struct
from collections.abc import Iterator

from countersign.domain.credential import Credential
from countersign.domain.outcomes import Refused
from countersign.domain.run import Control, RunSpec
from runners.sandbox import commands, entry
from runners.sandbox.door import Door

_GRACE = 10
"""Seconds after the deadline at which the container ends by itself, where the runner that should have ended it is dead."""


def write_order(
    spec: RunSpec, credential: Credential | None, *, door: Door, by_prlimit: frozenset[Control] = frozenset()
) -> Iterator[bytes]:
    """Give the order of a run, piece by piece. `by_prlimit` names the limits that the entry program itself must keep.

    Raises:
        Refused: a file would lie outside the work folder.
    """
    for name in spec.files:
        if {"..", ".", ""} & set(name.split("/")) or "\0" in name:
            raise Refused("sandbox", f"{name!r} is no path below the work folder")
    basic = {"PATH": commands.PATH, "HOME": entry.WORK, "TMPDIR": "/tmp", "LC_ALL": "C.UTF-8"}  # noqa: S108 - inside the container
    head = {
        "argv": list(spec.argv),
        "env": {**basic, **door.env, **spec.environment, **(credential.reveal() if credential else {})},
        "files": [(name, len(content)) for name, content in spec.files.items()],
        "watch": spec.limits.memory if Control.MEMORY_LIMIT in by_prlimit else 0,
        "processes": spec.limits.pids if Control.PIDS_LIMIT in by_prlimit else 0,
        "timeout": spec.limits.timeout + _GRACE,
        "proxy": door.mount is not None,
        "aliases": door.aliases,
    }
    text = json.dumps(head).encode()
    return iter([struct.pack(">Q", len(text)) + text, *spec.files.values()])
