"""One container engine: makes a container, hands it its order, reads what it says, removes it. The one user of the docker SDK.

Does not know what is in force: `container.py` refuses what is not, and `attest.py` proves what is, both with `run` from here.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container

from countersign.domain.credential import Credential
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Refused, SandboxFault
from countersign.domain.ports import Clock
from countersign.domain.run import Control, Ending, RunResult, RunSpec
from runners.sandbox import entry, hardening, seccomp, stream
from runners.sandbox.door import Door
from runners.sandbox.order import write_order
from runners.sandbox.output import Output, first_of

_API_SECONDS = 60
_API_VERSION = "1.40"
"""The oldest that podman and Docker still speak; naming it saves asking."""
_GONE_SECONDS = 10.0
_POLL_SECONDS = 0.01
_NO_STATUS = 125
"""Status of a command of which nobody can say how it ended: never that of success."""
_NONE: frozenset[Control] = frozenset()
_BY_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What an engine says of itself. Ask once: podman takes a second to find out its own version."""

    backend: str
    runtime: str

    @classmethod
    def ask(cls, path: Path) -> "Facts":
        """Ask the engine at the unix socket.

        Raises:
            SandboxFault: it is away.
        """
        with _faults("describe itself"):
            client = docker.DockerClient(base_url=f"unix://{path}", timeout=_API_SECONDS)
            with closing(client):
                parts = str(client.version().get("Components", ""))
                runtime = client.info().get("DefaultRuntime")
        return cls("podman" if "Podman" in parts else "docker", str(runtime or "unknown"))


class Engine:
    """A connection to an engine's API, for as long as its `with` lasts. Not shared between threads."""

    def __init__(
        self, path: Path, shared: Path, *, facts: Callable[[], Facts], resolve: Mapping[str, tuple[str, int]], clock: Clock
    ) -> None:
        """Talk to the unix socket `path`; `shared` is a folder that the engine can see too. `facts` is called when first needed."""
        self._shared = shared
        self._facts = facts
        self._resolve = resolve
        self._clock = clock
        self._stack = ExitStack()
        with _faults("open a connection"):
            self._client = docker.DockerClient(base_url=f"unix://{path}", version=_API_VERSION, timeout=_API_SECONDS)
            self._stack.callback(self._client.close)

    def __enter__(self) -> Self:
        """Give the engine."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connection."""
        self._stack.close()

    @property
    def backend(self) -> str:
        """Give the engine's kind."""
        return self._facts().backend

    @property
    def runtime(self) -> str:
        """Give the name of what runs the containers."""
        return self._facts().runtime

    def images(self) -> list[str]:
        """List the images that the engine has, by digest, newest first."""
        with _faults("list images"):
            found = self._client.images.list()
            newest = sorted(found, key=lambda image: str(image.attrs.get("Created")), reverse=True)
            return [name for image in newest for name in image.attrs.get("RepoDigests") or () if _BY_DIGEST.fullmatch(name)]

    def run(self, spec: RunSpec, credential: Credential | None, *, by_prlimit: frozenset[Control] = _NONE) -> RunResult:
        """Run one command in a container of its own; the container is gone when this returns or raises.

        Raises:
            Refused: the image is not named by digest or is not on the host.
            SandboxFault: the engine failed.
        """
        if not _BY_DIGEST.fullmatch(spec.image):
            raise Refused("sandbox", f"image {spec.image} is not named by its digest (name@sha256:...)")
        secrets = credential.secrets() if credential else ()
        out, err = (Output(secrets, limit=spec.limits.output) for _ in range(2))
        with Door(self._shared / "runs" / spec.run, spec.allow, self._resolve) as door, self._container(spec, door) as container:
            order = write_order(spec, credential, door=door, by_prlimit=by_prlimit)
            trailed = stream.Trailed(err)
            started, ended = self._carry_out(container, order, out, trailed, spec.limits.timeout)
            finished = self._clock()
            told = trailed.finish()
            ending, code = self._ending(container, told) if ended else (Ending.TIMEOUT, None)
        out.finish()
        err.finish()
        connections, asked = door.connections(secrets)
        return RunResult(
            ending=ending,
            exit_code=code,
            started=started,
            finished=finished,
            stdout=out.text,
            stderr=err.text,
            stdout_digest=out.digest,
            stderr_digest=err.digest,
            connections=connections,
            tainted=out.tainted or err.tainted or asked,
            backend=self.backend,
            runtime=self.runtime,
            profile_digest=seccomp.profile_digest(),
        )

    def reap(self, run: RunId) -> int:
        """Remove every container of a run, and its door; give how many containers there were."""
        with _faults("list containers"):
            found = self._client.containers.list(all=True, filters={"label": f"{hardening.LABEL}={run}"}, ignore_removed=True)
        for container in found:
            _remove(container)
        Door.clear(self._shared / "runs" / run)
        return len(found)

    @contextmanager
    def _container(self, spec: RunSpec, door: Door) -> Iterator[Container]:
        settings = hardening.settings(spec, seccomp=self._profile(), mount=door.mount, hosts=door.hosts)
        try:
            with _faults("make a container"):
                image = self._client.images.get(spec.image)
                if (image.attrs.get("Config") or {}).get("Volumes"):
                    raise Refused("sandbox", f"image {spec.image} declares volumes: folders on the host's disk, without any bound")
                container = self._client.containers.create(**settings)
        except ImageNotFound:
            raise Refused("sandbox", f"image {spec.image} is not on this host") from None
        try:
            yield container
        finally:
            with suppress(SandboxFault):  # nothing is recorded before `reap` has looked again; what came of the run is worth more
                _remove(container)

    def _carry_out(
        self, container: Container, order: Iterable[bytes], out: Output, err: stream.Trailed, seconds: int
    ) -> tuple[datetime, bool]:
        """Attach, start, tell, listen; give when it started, and whether it ended by itself."""
        with _faults("start a container"):
            # Attached before it starts: nothing that it says is lost, and the end of the stream is the end of the command.
            reader = container.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
            self._stack.callback(reader.close)
            attached: Any = getattr(reader, "_sock", None) or reader  # the SDK gives a reader; the socket is below it
            self._stack.callback(attached.close)
            container.start()
        started = self._clock()
        deadline = time.monotonic() + seconds
        stream.send(attached, order)
        return started, stream.receive(attached, out, err, deadline=deadline)

    def _ending(self, container: Container, told: tuple[str, int] | None) -> tuple[Ending, int | None]:
        """Say how a command ended: as the entry program told, or as the engine saw it where that did not live to tell."""
        kinds = {entry.EXITED: Ending.EXITED, entry.MEMORY: Ending.OUT_OF_MEMORY, entry.TIME: Ending.TIMEOUT}
        if told is not None and told[0] in kinds:
            kind = kinds[told[0]]
            return kind, told[1] if kind is Ending.EXITED else None
        deadline = time.monotonic() + _GONE_SECONDS
        while time.monotonic() < deadline:
            with _faults("look at a container"):
                container.reload()
            state = container.attrs["State"]
            if state["Status"] in {"exited", "stopped", "dead"}:
                return Ending.EXITED, int(state["ExitCode"]) or _NO_STATUS
            time.sleep(_POLL_SECONDS)
        raise SandboxFault("the container's output ended and the container did not")

    def _profile(self) -> str:
        """Give the system call filter as this engine takes it: podman wants a path that it can read, Docker the text."""
        if self.backend == "docker":
            return seccomp.profile().decode()
        path = self._shared / f"seccomp-{seccomp.profile_digest().removeprefix('sha256:')[:16]}.json"
        if not path.exists():
            partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")  # the probes run beside one another
            partial.write_bytes(seccomp.profile())
            partial.chmod(0o644)
            partial.replace(path)
        return str(path)


def _remove(container: Container) -> None:
    with _faults("remove a container"), suppress(NotFound):
        container.remove(force=True, v=True)


@contextmanager
def _faults(what: str) -> Iterator[None]:
    """Turn what the SDK raises into faults. Its texts name the engine's paths and ids, no secret: it never saw one."""
    try:
        yield
    except (ImageNotFound, NotFound):
        raise
    except APIError as error:
        raise SandboxFault(f"the container engine could not {what}: {first_of(str(error.explanation or error), 500)}") from None
    except (DockerException, requests.RequestException, OSError) as error:
        raise SandboxFault(f"the container engine could not {what}: {first_of(str(error), 500)}") from None
