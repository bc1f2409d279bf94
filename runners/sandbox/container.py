"""Runs one command in one container of a rootless engine: podman's socket or rootless Docker's.

Refuses a run that asks for what the engine does not do. Does not talk to the engine itself (`engine.py`), nor prove (`attest.py`).
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from countersign.domain.credential import Credential
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Refused, SandboxFault
from countersign.domain.ports import Clock
from countersign.domain.run import RunResult, RunSpec
from runners.ports import Attestation
from runners.sandbox import attest
from runners.sandbox.attest import Proof
from runners.sandbox.engine import Engine, Facts


class ContainerSandbox:
    """The Sandbox port on one engine. May be used from several threads."""

    def __init__(self, *, socket: str, resolve: Mapping[str, tuple[str, int]], state_dir: Path, clock: Clock) -> None:
        """Talk to the engine at the unix socket. `resolve` gives the egress proxy addresses for names; see `egress.py`.

        `state_dir` is for what the engine must see too: the doors of runs, the system call filter. Where the engine is another
        account's, which cannot see into ours, both stand beside its socket instead. Nothing is opened before it is needed.
        """
        self._socket = Path(socket)
        self._resolve = dict(resolve)
        self._state_dir = state_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._proof: Proof | None = None
        self._facts: Facts | None = None

    def attest(self) -> Attestation:
        """Prove the controls, once for this object.

        Raises:
            SandboxFault: the engine is away, or has no image that could be probed.
        """
        return self._proved().attestation

    def run(self, spec: RunSpec, credential: Credential | None) -> RunResult:
        """Run the command; the container is gone when this returns or raises.

        Raises:
            Refused: a control is not in force, or the image is not on the host by digest.
            SandboxFault: the engine failed.
        """
        proof = self._proved()
        for control in sorted(spec.controls - proof.attestation.controls):
            evidence = next((text for tried, _, text in proof.attestation.evidence if tried is control), "never proved")
            raise Refused("sandbox", f"{control} is not in force on this host: {evidence}")
        with self._engine({}) as engine:
            return engine.run(spec, credential, by_prlimit=proof.by_prlimit)

    def reap(self, run: RunId) -> int:
        """Remove what a dead runner left of this run; give how many containers there were.

        Raises:
            SandboxFault: the engine failed.
        """
        with self._engine({}) as engine:
            return engine.reap(run)

    def _proved(self) -> Proof:
        with self._lock:
            if self._proof is None:
                self._proof = attest.prove(self._engine, clock=self._clock)
            return self._proof

    def _engine(self, resolve: Mapping[str, tuple[str, int]]) -> Engine:
        return Engine(self._socket, self._shared(), facts=self._ask, resolve={**self._resolve, **resolve}, clock=self._clock)

    def _ask(self) -> Facts:
        if self._facts is None:
            self._facts = Facts.ask(self._socket)
        return self._facts

    def _shared(self) -> Path:
        try:
            owner = self._socket.stat().st_uid
        except OSError as error:
            raise SandboxFault(f"no container engine at {self._socket}: {error.strerror}; bring the host up") from None
        if owner != os.geteuid():
            return self._socket.parent
        self._state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._state_dir.resolve()
