"""A runner that dies in the middle of a run: what is left can be found by the run's name and removed."""

import signal
import subprocess  # noqa: TID251 - a runner of its own, to be killed
import sys
import time
from pathlib import Path

import docker

from runners.sandbox.container import ContainerSandbox
from tests.integration.sandbox.specs import fresh_run

_ROOT = Path(__file__).parents[3]
_RUNNER = """
import sys
from pathlib import Path
from countersign.domain.ids import RunId
from countersign.domain.run import Endpoint
from runners import clock
from runners.sandbox.container import ContainerSandbox
from tests.integration.sandbox.specs import make_spec
socket, image, run, state, timeout = sys.argv[1:]
sandbox = ContainerSandbox(socket=socket, resolve={}, state_dir=Path(state), clock=clock.now)
spec = make_spec(image, ["sleep", "300"], run=RunId(run), timeout=int(timeout), allow=[Endpoint("db.shop.example", 5432)])
sandbox.run(spec, None)
"""


def begin(engine_socket: Path, image: str, run: str, state: Path, timeout: int) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", _RUNNER, str(engine_socket), image, run, str(state), str(timeout)]
    return subprocess.Popen(argv, cwd=_ROOT)  # noqa: S603 - our own program


def states(client: docker.DockerClient, run: str) -> list[str]:
    return [str(one.status) for one in client.containers.list(all=True, filters={"label": f"countersign.run={run}"})]


def wait_until_running(client: docker.DockerClient, run: str) -> None:
    deadline = time.monotonic() + 120
    while states(client, run) != ["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_a_killed_runner_left_is_reaped(sandbox: ContainerSandbox, engine_socket: Path, image: str, tmp_path: Path) -> None:
    run = fresh_run()
    client = docker.DockerClient(base_url=f"unix://{engine_socket}")
    try:
        runner = begin(engine_socket, image, run, tmp_path, 300)
        wait_until_running(client, run)
        runner.send_signal(signal.SIGKILL)
        runner.wait()
        assert len(states(client, run)) == 1
        other = fresh_run()
        assert sandbox.reap(other) == 0
        assert len(states(client, run)) == 1
        began = time.monotonic()
        assert sandbox.reap(run) == 1
        assert time.monotonic() - began < 5
        assert states(client, run) == []
        assert sandbox.reap(run) == 0
        assert list(engine_socket.parent.rglob(f"*{run}*")) == []
    finally:
        sandbox.reap(run)
        client.close()
