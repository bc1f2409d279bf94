"""Judging probes: only a whole, unbroken account of attempts that all held puts a control in force."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from countersign.domain.ids import digest_of
from countersign.domain.outcomes import Refused
from countersign.domain.run import Control, Ending, RunResult, RunSpec
from runners.sandbox.attest import judge, judge_deadline, judge_memory, probe_all

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PROFILE = digest_of(b"profile")
PIDS = frozenset({Control.PIDS_LIMIT})


def result(stdout: str, *, stderr: str = "", ending: Ending = Ending.EXITED, seconds: float = 0.1) -> RunResult:
    return RunResult(
        ending=ending,
        exit_code=0 if ending is Ending.EXITED else None,
        started=NOON,
        finished=NOON + timedelta(seconds=seconds),
        stdout=stdout,
        stderr=stderr,
        stdout_digest=digest_of(stdout.encode()),
        stderr_digest=digest_of(stderr.encode()),
        connections=(),
        tainted=False,
        backend="test",
        runtime="none",
        profile_digest=PROFILE,
    )


def attempt(*, control: str = "pids-limit", held: bool = True, saw: str = "EAGAIN") -> str:
    return json.dumps({"control": control, "attempt": "fork", "held": held, "saw": saw})


def lines(*attempts: str, told: int | None = None) -> str:
    return "\n".join([*attempts, json.dumps({"told": len(attempts) if told is None else told}), ""])


def test_attempts_that_all_held_are_proof() -> None:
    judged = judge(result(lines(attempt(), attempt(saw="EPERM"))), PIDS)[Control.PIDS_LIMIT]
    assert judged.in_force
    assert judged.evidence == "2 attempts: fork: EAGAIN, fork: EPERM"


def test_one_attempt_that_got_through_is_enough() -> None:
    judged = judge(result(lines(attempt(), attempt(held=False, saw="96 processes"))), PIDS)[Control.PIDS_LIMIT]
    assert not judged.in_force
    assert judged.evidence == "fork: 96 processes"


@pytest.mark.parametrize(
    "told",
    [
        "",
        "\n",
        "Traceback\n",
        lines(),
        attempt() + "\n",
        lines(attempt(), told=2),
        lines(attempt(control="memory-limit")),
        lines(attempt(), "{}"),
        lines(attempt().replace("true", "1")),
        lines(attempt().replace("}", ', "also": 1}')),
        lines(attempt()) + "trailing",
        json.dumps({"told": 1}),
    ],
)
def test_no_answer_or_half_an_answer_is_no_proof(told: str) -> None:
    judged = judge(result(told, stderr="MemoryError"), PIDS)[Control.PIDS_LIMIT]
    assert not judged.in_force
    assert "MemoryError" in judged.evidence


def test_evidence_is_one_short_line() -> None:
    judged = judge(result(lines(*[attempt(saw="a\nb" * 50)] * 20)), PIDS)[Control.PIDS_LIMIT]
    assert "\n" not in judged.evidence
    assert len(judged.evidence) == 400


@pytest.mark.parametrize(
    ("ending", "seconds", "in_force"),
    [(Ending.TIMEOUT, 1.2, True), (Ending.TIMEOUT, 20, False), (Ending.EXITED, 1.2, False), (Ending.OUT_OF_MEMORY, 1.2, False)],
)
def test_the_time_limit_is_proved_by_its_ending(ending: Ending, seconds: float, in_force: bool) -> None:
    judged = judge_deadline(result("", ending=ending, seconds=seconds))
    assert judged.in_force is in_force
    assert f"{ending} after {seconds:.1f} s" in judged.evidence


def test_a_sandbox_that_does_not_run_probes_has_nothing_in_force() -> None:
    asked: list[RunSpec] = []

    def carry_out(spec: RunSpec, resolve: Mapping[str, tuple[str, int]]) -> RunResult:
        asked.append(spec)
        assert {endpoint.host for endpoint in spec.allow} == resolve.keys()
        return result("")

    judged = probe_all(carry_out, "tools@sha256:" + "0" * 64)
    assert judged.keys() == set(Control)
    assert not any(judgement.in_force for judgement in judged.values())
    assert len({spec.run for spec in asked}) == len(asked) == 4
    assert all(spec.controls == frozenset() for spec in asked)


def test_a_refusal_to_run_the_probes_is_not_swallowed() -> None:
    def carry_out(spec: RunSpec, resolve: Mapping[str, tuple[str, int]]) -> RunResult:
        raise Refused("sandbox", f"no image {spec.image} {len(resolve)}")

    with pytest.raises(Refused, match="no image"):
        probe_all(carry_out, "missing")


def test_the_memory_limit_is_proved_by_what_was_told_or_by_the_runs_end() -> None:
    told = result(lines(attempt(control="memory-limit", saw="1 of 2 processes killed")))
    assert judge_memory(told).in_force
    assert not judge_memory(result(lines(attempt(control="memory-limit", held=False, saw="0 of 2 processes killed")))).in_force
    assert judge_memory(result("", ending=Ending.OUT_OF_MEMORY)).in_force
    for other in set(Ending) - {Ending.OUT_OF_MEMORY}:
        assert not judge_memory(result("", ending=other)).in_force
