"""Specifications of runs for tests."""

import secrets
from collections.abc import Iterable, Mapping

from countersign.domain.ids import RunId
from countersign.domain.run import Control, Endpoint, Limits, RunSpec

MIB = 1 << 20
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def fresh_run() -> RunId:
    return RunId("run-" + "".join(secrets.choice(_BASE32) for _ in range(20)))


def make_spec(
    image: str,
    argv: Iterable[str],
    *,
    run: RunId | None = None,
    controls: Iterable[Control] = (),
    allow: Iterable[Endpoint] = (),
    files: Mapping[str, bytes] | None = None,
    environment: Mapping[str, str] | None = None,
    memory: int = 128 * MIB,
    pids: int = 64,
    timeout: int = 30,
    output: int = 65536,
) -> RunSpec:
    return RunSpec(
        run=run or fresh_run(),
        argv=tuple(argv),
        image=image,
        limits=Limits(memory=memory, pids=pids, timeout=timeout, output=output),
        network="test",
        allow=tuple(allow),
        files=files or {},
        environment=environment or {},
        controls=frozenset(controls),
    )
