"""Delegates control groups (version 1) to the account of a container engine, as root, so that its limits bind.

The engine's account may make leaves below its slot and enter them. The slot's own limit files stay root's. Does not limit
single containers: `oci_runtime.sh` does. Does nothing on version 2, where the engine has limits of its own.
"""

import os
from pathlib import Path

from runners.sandbox.commands import Account

_ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "pids")


def delegate(name: str, account: Account, listing: Path) -> tuple[str, ...]:
    """Make a slot below our own control group in every controller, and list the slots in a file for the runtime.

    Gives the controllers that were delegated: none where this process is not root or there is no version 1.
    """
    lines: list[str] = []
    for controller, own in _own().items():
        slot = _ROOT / controller / own.lstrip("/") / name
        try:
            slot.mkdir(exist_ok=True)
            for path in (slot, slot / "cgroup.procs"):
                os.chown(path, account.uid, account.gid)
        except OSError:  # not root, or mounted read-only, as in most containers: the attestation will say so
            continue
        lines.append(f"{controller} {slot}\n")
    listing.write_text("".join(lines))
    return tuple(line.split()[0] for line in lines)


def remove(listing: Path) -> None:
    """Remove the slots that are listed and the leaves that dead containers left in them."""
    if not listing.exists():
        return
    for line in listing.read_text().splitlines():
        slot = Path(line.split(maxsplit=1)[1])
        for folder in sorted(slot.rglob("*"), reverse=True) if slot.is_dir() else ():
            if folder.is_dir():
                folder.rmdir()
        if slot.is_dir():
            slot.rmdir()
    listing.unlink()


def _own() -> dict[str, str]:
    """Read where this process is, for each controller of version 1 that we need."""
    found: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        found |= {name: path for name in controllers.split(",") if name in CONTROLLERS}
    return found
