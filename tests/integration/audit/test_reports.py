"""`countersign audit exceptions` and `sample` on a clone."""

import json

from tests.support.shelf import Shell


def test_exceptions_for_programs_are_those_for_people(run: Shell) -> None:
    status, out, _ = run("exceptions", "--format", "json")
    found = [json.loads(line) for line in out.splitlines()]
    text = run("exceptions")[1]
    assert status == 0
    assert found
    assert text.startswith(f"{len(found)} exceptions in ")
    assert {item["kind"] for item in found} >= {"refused", "lost"}
    assert all(str(item["seq"]) in text for item in found)


def test_exceptions_of_a_span_know_outcomes_that_came_later(run: Shell) -> None:
    (line,) = run("query", "--kind", "executed", "-n", "1", "--format", "json")[1].splitlines()
    intent = json.loads(line)["record"]["predicate"]["body"]["intent"]["seq"]
    when = json.loads(run("show", str(intent), "--format", "json")[1])["record"]["predicate"]["recorded_time"]
    kinds = [
        json.loads(item)["kind"]
        for item in run("exceptions", "--to", when[:-1], "--from", "2026-11-01", "--format", "json")[1].splitlines()
    ]
    assert "open" not in kinds


def test_a_sample_is_drawn_again_by_whoever_has_the_seed(run: Shell) -> None:
    first = run("sample", "-n", "5", "--seed", "2026-Q4", "--format", "json")
    assert first[0] == 0
    assert first == run("sample", "-n", "5", "--seed", "2026-Q4", "--format", "json")
    assert first[1] != run("sample", "-n", "5", "--seed", "other", "--format", "json")[1]
    drawn = [json.loads(line)["record"]["predicate"]["kind"] for line in first[1].splitlines()[1:]]
    assert len(drawn) == 5
    assert set(drawn) <= {"executed", "failed", "lost"}
    whole = len(
        run("query", "--all", "--kind", "executed", "--kind", "failed", "--kind", "lost", "--format", "json")[1].splitlines()
    )
    assert f"drawn: 5 of {whole} " in first[2]
