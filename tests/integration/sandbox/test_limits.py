"""Limits that bind: memory, processes, time, output. And what is left when one of them has ended a run: nothing."""

import hashlib
import json
import time
from pathlib import Path

import docker
import pytest

from countersign.domain.ids import Digest
from countersign.domain.run import Ending
from runners.sandbox.container import ContainerSandbox
from tests.integration.sandbox.specs import MIB, make_spec


def left_over(engine_socket: Path, run: str) -> int:
    client = docker.DockerClient(base_url=f"unix://{engine_socket}")
    try:
        return len(client.containers.list(all=True, filters={"label": f"countersign.run={run}"}))
    finally:
        client.close()


def test_memory_beyond_the_limit_ends_the_run(sandbox: ContainerSandbox, engine_socket: Path, image: str) -> None:
    spec = make_spec(image, ["python3", "-c", "print('begun', flush=True); b'x' * (300 << 20)"], memory=64 * MIB)
    result = sandbox.run(spec, None)
    assert not result.ok
    if result.ending is Ending.EXITED:  # without control groups one process is refused what is beyond the limit; many are ended
        assert "MemoryError" in result.stderr
    else:
        assert (result.ending, result.exit_code) == (Ending.OUT_OF_MEMORY, None)
    assert result.stdout == "begun\n"
    assert left_over(engine_socket, spec.run) == 0


def test_processes_that_take_too_much_together_end_the_run(sandbox: ContainerSandbox, image: str) -> None:
    script = "import os, sys, time; child = os.fork(); taken = b'x' * (50 << 20); time.sleep(2)"
    script += "; sys.exit(child and os.waitpid(child, 0)[1] != 0)"
    result = sandbox.run(make_spec(image, ["python3", "-c", script], memory=80 * MIB), None)
    assert (result.ending, result.ok) == (Ending.OUT_OF_MEMORY, False)


def test_memory_within_the_limit_is_granted(sandbox: ContainerSandbox, image: str) -> None:
    assert sandbox.run(make_spec(image, ["python3", "-c", "b'x' * (40 << 20)"], memory=96 * MIB), None).ok


def test_files_count_as_memory_and_have_a_bound_of_their_own(sandbox: ContainerSandbox, image: str) -> None:
    result = sandbox.run(make_spec(image, ["dd", "if=/dev/zero", "of=/work/big", "bs=1M"], memory=64 * MIB), None)
    assert not result.ok
    assert "No space left on device" in result.stderr or result.ending is Ending.OUT_OF_MEMORY


def test_a_fork_bomb_stays_in_its_container(sandbox: ContainerSandbox, engine_socket: Path, image: str) -> None:
    before = len(list(Path("/proc").glob("[0-9]*")))
    spec = make_spec(image, ["bash", "-c", "bomb() { bomb | bomb & }; bomb; sleep 1; wait; echo survived"], pids=32, timeout=3)
    began = time.monotonic()
    result = sandbox.run(spec, None)
    assert time.monotonic() - began < 10
    assert "Resource temporarily unavailable" in result.stderr or not result.ok
    assert left_over(engine_socket, spec.run) == 0
    assert len(list(Path("/proc").glob("[0-9]*"))) < before + 32


def test_a_run_ends_at_its_deadline(sandbox: ContainerSandbox, engine_socket: Path, image: str) -> None:
    script = "trap '' TERM INT HUP; (setsid sleep 60 &) ; echo begun; while :; do sleep 1; done"
    spec = make_spec(image, ["sh", "-c", script], timeout=1)
    result = sandbox.run(spec, None)
    assert (result.ending, result.exit_code) == (Ending.TIMEOUT, None)
    assert result.stdout == "begun\n"
    assert 1 <= (result.finished - result.started).total_seconds() < 5
    assert left_over(engine_socket, spec.run) == 0


def test_a_daemon_left_behind_ends_with_its_command(sandbox: ContainerSandbox, image: str) -> None:
    result = sandbox.run(make_spec(image, ["sh", "-c", "setsid sleep 60 & echo done"], timeout=20), None)
    assert result.ok
    assert (result.finished - result.started).total_seconds() < 5


def test_output_without_end_is_cut_and_digested_whole(sandbox: ContainerSandbox, image: str) -> None:
    size = 8 * MIB
    result = sandbox.run(make_spec(image, ["sh", "-c", f"yes 2>/dev/null | head -c {size}; echo end >&2"], output=1000), None)
    assert result.ok
    assert f"[{size - 1000} bytes left out]" in result.stdout
    assert len(result.stdout) < 1100
    assert result.stdout_digest == Digest("sha256:" + hashlib.sha256(b"y\n" * (size // 2)).hexdigest())
    assert result.stderr == "end\n"


def test_output_of_a_command_that_ends_at_once_is_whole(sandbox: ContainerSandbox, image: str) -> None:
    for number in range(10):
        result = sandbox.run(make_spec(image, ["sh", "-c", f"seq {number} 2000; exit {number}"]), None)
        assert (result.exit_code, result.stdout) == (number, "".join(f"{line}\n" for line in range(number, 2001)))


def test_files_of_many_mebibytes_arrive_within_the_runs_memory(sandbox: ContainerSandbox, image: str) -> None:
    big = b"0123456789abcdef" * (16 * MIB // 16)
    result = sandbox.run(make_spec(image, ["sha256sum", "big"], files={"big": big}, memory=128 * MIB), None)
    assert result.stdout.split()[0] == hashlib.sha256(big).hexdigest()


@pytest.mark.parametrize("seconds", [1])
def test_a_deadline_is_no_verdict_on_what_was_said(sandbox: ContainerSandbox, image: str, seconds: int) -> None:
    script = "import time, json\nprint(json.dumps({'step': 1}), flush=True)\ntime.sleep(60)"
    result = sandbox.run(make_spec(image, ["python3", "-c", script], timeout=seconds), None)
    assert json.loads(result.stdout) == {"step": 1}
    assert not result.ok
