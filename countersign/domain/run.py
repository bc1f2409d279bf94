"""What is run and what came of it (SLSA's words). Pure data; `runners.sandbox` carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from countersign.domain.ids import Digest, RunId


class Control(StrEnum):
    """A property of a sandbox that its backend proves from inside before offering it."""

    READ_ONLY_ROOT = "read-only-root"
    NO_CAPABILITIES = "no-capabilities"
    NO_NEW_PRIVILEGES = "no-new-privileges"
    SECCOMP = "seccomp"
    NO_NETWORK = "no-network"
    NON_ROOT = "non-root"
    TMPFS_WORK = "tmpfs-work"
    MEMORY_LIMIT = "memory-limit"
    PIDS_LIMIT = "pids-limit"
    TIME_LIMIT = "time-limit"
    EGRESS_PROXY = "egress-proxy"


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A host and port that a run may reach. `host` is a name as the policy writes it, lower case, never a pattern."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as `host:port`."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use: bytes of memory, number of processes, seconds of wall-clock time, bytes of output kept."""

    memory: int
    pids: int
    timeout: int
    output: int = 65536


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One command in one container. `image` ends in `@sha256:…`; `files` are paths below the work directory and bytes.

    `environment` holds nothing secret: credentials are handed over apart from this.
    """

    run: RunId
    argv: tuple[str, ...]
    image: str
    limits: Limits
    network: str
    allow: tuple[Endpoint, ...]
    files: Mapping[str, bytes]
    environment: Mapping[str, str]
    controls: frozenset[Control]


class Ending(StrEnum):
    """Why a run stopped."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out-of-memory"


@dataclass(frozen=True, slots=True)
class Connection:
    """One attempt to reach the network. `allowed` tells the proxy's verdict; bytes as seen by the proxy."""

    endpoint: Endpoint
    allowed: bool
    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run. `stdout` and `stderr` are scrubbed of credentials and cut at the limit.

    `tainted` is true where a credential was seen in the output. Digests are over the scrubbed, uncut streams.
    """

    ending: Ending
    exit_code: int | None
    started: datetime
    finished: datetime
    stdout: str
    stderr: str
    stdout_digest: Digest
    stderr_digest: Digest
    connections: tuple[Connection, ...]
    tainted: bool
    backend: str
    runtime: str
    profile_digest: Digest

    @property
    def ok(self) -> bool:
        """Say whether the command ended by itself with status 0."""
        return self.ending is Ending.EXITED and self.exit_code == 0
