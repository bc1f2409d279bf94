"""What every container of a run is made with. The same for probes and runs: there is one way to make a container.

Nothing of the command or its credentials is here: whoever may ask the engine about a container learns an image, limits and a
run's name. `noexec` on the work folder: what runs comes from the image, whose digest was approved, not from the change.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from countersign.domain.run import RunSpec
from runners.sandbox import entry

USER: Final = 65532
"""Nobody's number on any distribution; needs no entry in the image's /etc/passwd."""
LABEL: Final = "countersign.run"
_WORK_SHARE: Final = 2
"""The work folder may fill this fraction of the memory: a tmpfs counts against the run's own limit."""
_ENTRY: Final = Path(entry.__file__).read_text(encoding="utf-8")


def settings(spec: RunSpec, *, seccomp: str, mount: Path | None, hosts: Mapping[str, str]) -> dict[str, Any]:  # what the SDK takes
    """Give the keyword arguments of the engine's `create`.

    `seccomp` is what the engine takes for a profile: a path for podman, the JSON for Docker. `mount` is the folder of the
    egress proxy's socket; `hosts` gives names their loopback addresses inside.
    """
    limits = spec.limits
    from_memory = limits.memory // _WORK_SHARE
    volumes = {str(mount): {"bind": str(Path(entry.PROXY).parent), "mode": "ro"}} if mount else {}
    return {
        "image": spec.image,
        "entrypoint": ["/usr/bin/python3", "-I", "-S", "-c", _ENTRY],
        "command": [],
        "stdin_open": True,
        "stop_signal": "SIGKILL",  # the first process heeds no other, and to remove it must not take podman's ten seconds
        "user": f"{USER}:{USER}",
        "working_dir": "/",
        "read_only": True,
        "tmpfs": {
            entry.WORK: f"rw,nosuid,nodev,noexec,mode=1777,size={from_memory}",
            "/tmp": f"rw,nosuid,nodev,noexec,mode=1777,size={from_memory}",  # noqa: S108 - inside the container
            "/var/tmp": "ro,nosuid,nodev,noexec,mode=555,size=4096",  # noqa: S108 - podman would make it writable, without a size
        },
        "shm_size": 1 << 20,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", f"seccomp={seccomp}"],
        "network_mode": "none",
        "sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},  # of the container's own loopback: endpoints below 1024
        "ipc_mode": "private",
        "extra_hosts": dict(hosts),
        "mem_limit": limits.memory,
        "memswap_limit": limits.memory,
        "pids_limit": limits.pids,
        "environment": {"COUNTERSIGN_LIMITS": f"{limits.memory}:{limits.pids}"},
        "volumes": volumes,
        "log_config": {"type": "none"},  # what is said is scrubbed before it is kept; the engine must not keep it as it was
        "labels": {LABEL: spec.run},
    }
