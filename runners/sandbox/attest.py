"""Proves the controls of a sandbox from inside: four containers at once, made as every run's, try what must not be possible.

A control is in force when every attempt on it was made and every one held. A missing answer, a broken line or a probe that died
counts as not in force: an engine that accepts a limit has not shown that it keeps it. Does not make containers; `engine.py` does.
"""

import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from countersign.domain.ids import RunId
from countersign.domain.outcomes import SandboxFault
from countersign.domain.ports import Clock
from countersign.domain.run import Control, Ending, Endpoint, Limits, RunResult, RunSpec
from runners.ports import Attestation
from runners.sandbox import exhaust, probe
from runners.sandbox.engine import Engine
from runners.sandbox.seccomp import profile_digest

Connect = Callable[[Mapping[str, tuple[str, int]]], Engine]
"""Opens a connection to the engine whose egress proxies use these addresses beside the deployer's."""

CarryOut = Callable[[RunSpec, Mapping[str, tuple[str, int]]], RunResult]
"""Runs a specification as every run is, without asking what is attested, with these addresses for names."""

NOWHERE: Final[Mapping[Endpoint, tuple[str, int]]] = MappingProxyType({})
_WALLS: Final = Path(probe.__file__).read_text(encoding="utf-8")
_LIMITS: Final = Path(exhaust.__file__).read_text(encoding="utf-8")
_MIB: Final = 1 << 20
_ROOMY: Final = Limits(memory=128 * _MIB, pids=64, timeout=30)
_FEW: Final = replace(_ROOMY, pids=24)
_SCARCE: Final = replace(_ROOMY, memory=96 * _MIB)
_SHORT: Final = replace(_ROOMY, timeout=1)
_GRACE: Final = timedelta(seconds=5)
_BY_PRLIMIT: Final = frozenset({Control.MEMORY_LIMIT, Control.PIDS_LIMIT})
_ALLOWED: Final = Endpoint("attest.countersign.invalid", 5432)
_DENIED: Final = ("attest.countersign.invalid:5433", "example.com:443", "169.254.169.254:80", "127.0.0.1:22", "[::1]:22")
_EVIDENCE_LENGTH: Final = 400
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"


class _Attempt(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    control: str
    attempt: str
    held: bool
    saw: str


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    told: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved, and which limits the entry program of every run must set, as it did when they were proved."""

    attestation: Attestation
    by_prlimit: frozenset[Control]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a control is in force, and one line that says why."""

    in_force: bool
    evidence: str


def prove(connect: Connect, *, clock: Clock) -> Proof:
    """Prove every control on the newest image that the engine has.

    Raises:
        SandboxFault: the engine has no image, or a container could not be made.
    """
    with connect({}) as engine:
        images, backend, runtime = engine.images(), engine.backend, engine.runtime
    if not images:
        raise SandboxFault("the container engine has no image to prove itself with; load the image that your policy names")

    def carry_out(spec: RunSpec, resolve: Mapping[str, tuple[str, int]]) -> RunResult:
        with connect(resolve) as engine:
            return engine.run(spec, None, by_prlimit=by_prlimit)

    by_prlimit: frozenset[Control] = frozenset()
    judged = probe_all(carry_out, images[0])
    missing = {control for control in _BY_PRLIMIT if not judged[control].in_force}
    if missing:  # no control groups: what the entry program and the kernel's limits for a user can do
        by_prlimit = frozenset(missing)
        judged = probe_all(carry_out, images[0])
    attestation = Attestation(
        backend=backend,
        runtime=runtime,
        controls=frozenset(control for control, judgement in judged.items() if judgement.in_force),
        evidence=tuple((control, judged[control].in_force, judged[control].evidence) for control in Control),
        profile_digest=profile_digest(),
        at=clock(),
    )
    return Proof(attestation, by_prlimit & attestation.controls)


def probe_all(carry_out: CarryOut, image: str) -> dict[Control, Judgement]:
    """Run the probes on an image that has Python; judge every control by what they told.

    Raises:
        Refused: the image is not there.
        SandboxFault: a container could not be made.
    """
    with _greeter() as (address, nonce), ThreadPoolExecutor(max_workers=4) as pool:

        def start(limits: Limits, *argv: object, reach: Mapping[Endpoint, tuple[str, int]] = NOWHERE) -> Future[RunResult]:
            resolve = {endpoint.host: place for endpoint, place in reach.items()}
            return pool.submit(carry_out, _spec(image, limits, tuple(map(str, argv)), tuple(reach)), resolve)

        walls = start(_ROOMY, _WALLS, _ROOMY.memory, _ALLOWED.host, _ALLOWED.port, nonce, *_DENIED, reach={_ALLOWED: address})
        forks = start(_FEW, _LIMITS, "forks", _FEW.pids)
        memory = start(_SCARCE, _LIMITS, "memory", _SCARCE.memory)
        late = start(_SHORT, _LIMITS, "forever", 0)
        return {
            **judge(walls.result(), frozenset(Control) - {Control.PIDS_LIMIT, Control.MEMORY_LIMIT, Control.TIME_LIMIT}),
            **judge(forks.result(), frozenset({Control.PIDS_LIMIT})),
            Control.MEMORY_LIMIT: judge_memory(memory.result()),
            Control.TIME_LIMIT: judge_deadline(late.result()),
        }


def judge(result: RunResult, controls: frozenset[Control]) -> dict[Control, Judgement]:
    """Judge controls by what a probe told."""
    attempts, whole = _read(result.stdout)
    judged: dict[Control, Judgement] = {}
    for control in controls:
        tried = [one for one in attempts if one.control == control.value]
        broken = [one for one in tried if not one.held]
        if broken:
            judged[control] = Judgement(in_force=False, evidence=_cut(_listed(broken)))
        elif not tried or not whole:
            said = result.stderr.strip()[-200:] or "nothing"
            why = f"the probe did not end as it should ({result.ending}, status {result.exit_code}) and said: {said}"
            judged[control] = Judgement(in_force=False, evidence=_cut(why))
        else:
            judged[control] = Judgement(in_force=True, evidence=_cut(f"{len(tried)} attempts: {_listed(tried)}"))
    return judged


def judge_memory(result: RunResult) -> Judgement:
    """Judge the memory limit by what the probe told, or by how it was ended.

    A control group kills what takes too much, and the probe tells. Without one the container's first process ends the whole run and
    says so in the trailer, which no command can write.
    """
    if result.ending is Ending.OUT_OF_MEMORY:
        return Judgement(in_force=True, evidence="two processes that took more together: the run was ended for it")
    return judge(result, frozenset({Control.MEMORY_LIMIT}))[Control.MEMORY_LIMIT]


def judge_deadline(result: RunResult) -> Judgement:
    """Judge the time limit by how a command ended that would never have."""
    took = result.finished - result.started
    in_force = result.ending is Ending.TIMEOUT and took <= timedelta(seconds=_SHORT.timeout) + _GRACE
    return Judgement(
        in_force, f"a command that ignores signals: {result.ending} after {took.total_seconds():.1f} s of {_SHORT.timeout} s"
    )


def _read(text: str) -> tuple[list[_Attempt], bool]:
    """Read a probe's lines; say also whether all of them are there."""
    *lines, last = text.splitlines() or [""]
    try:
        attempts = [_Attempt.model_validate_json(line) for line in lines]
        return attempts, _Told.model_validate_json(last).told == len(attempts)
    except ValidationError:
        return [], False


def _listed(attempts: list[_Attempt]) -> str:
    return ", ".join(f"{one.attempt}: {one.saw}" for one in attempts)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _EVIDENCE_LENGTH else line[: _EVIDENCE_LENGTH - 1] + "…"


def _spec(image: str, limits: Limits, argv: tuple[str, ...], allow: tuple[Endpoint, ...]) -> RunSpec:
    return RunSpec(
        run=RunId("run-" + "".join(secrets.choice(_BASE32) for _ in range(20))),
        argv=("python3", "-I", "-S", "-c", *argv),
        image=image,
        limits=limits,
        network="attest",
        allow=allow,
        files={},
        environment={},
        controls=frozenset(),
    )


@contextmanager
def _greeter() -> Iterator[tuple[tuple[str, int], str]]:
    """Say a word that nobody can guess to whoever connects; give the address and the word."""
    nonce = secrets.token_hex(16)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    client.sendall(nonce.encode())

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        try:
            host, port = listener.getsockname()[:2]
            yield (host, port), nonce
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
