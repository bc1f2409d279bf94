"""Writes the order that a container takes from standard input (see `entry.py`): the one place where a credential leaves."""

import base64
import json

from countersign.domain.credential import Credential
from countersign.domain.outcomes import Refused
from countersign.domain.run import Control, RunSpec
from runners.sandbox import commands, entry
from runners.sandbox.door import Door

_GRACE = 10
"""Seconds after the deadline at which the container ends by itself, where the runner that should have ended it is dead."""
_HELPERS = 16
"""Processes and threads of our own beside the command: they count under the same user."""


def write_order(spec: RunSpec, credential: Credential | None, *, door: Door, by_prlimit: frozenset[Control]) -> bytes:
    """Give the order of a run. `by_prlimit` names the limits that the entry program must set, for want of control groups.

    Raises:
        Refused: a file would lie outside the work folder.
    """
    for name in spec.files:
        if name.startswith("/") or not name or {"..", ".", ""} & set(name.split("/")) or "\0" in name:
            raise Refused("sandbox", f"{name!r} is no path below the work folder")
    basic = {"PATH": commands.PATH, "HOME": entry.WORK, "TMPDIR": "/tmp", "LC_ALL": "C.UTF-8"}  # noqa: S108 - inside the container
    limits = {
        "address_space": spec.limits.memory if Control.MEMORY_LIMIT in by_prlimit else 0,
        "processes": spec.limits.pids + _HELPERS if Control.PIDS_LIMIT in by_prlimit else 0,
    }
    return json.dumps(
        {
            "argv": list(spec.argv),
            "env": {**basic, **door.env, **spec.environment, **(credential.reveal() if credential else {})},
            "files": {name: base64.b64encode(content).decode() for name, content in spec.files.items()},
            "limits": limits,
            "timeout": spec.limits.timeout + _GRACE,
            "proxy": door.mount is not None,
            "aliases": door.aliases,
        }
    ).encode()
