"""`countersign audit incident`: the moment of a known run, put together again."""

import json
from datetime import datetime, timedelta

import pytest

from tests.support.shelf import Shell


@pytest.fixture
def newest(run: Shell) -> dict[str, object]:
    (line,) = run("query", "--env", "production", "--kind", "executed", "-n", "1", "--format", "json")[1].splitlines()
    record: dict[str, object] = json.loads(line)["record"]["predicate"]
    return record


def grant_of(record: dict[str, object]) -> dict[str, str]:
    body = record["body"]
    assert isinstance(body, dict)
    (grant,) = body["grants"]
    return dict(grant)


def test_the_run_and_its_credential_are_there_while_it_lives_and_not_after(run: Shell, newest: dict[str, object]) -> None:
    grant = grant_of(newest)
    middle = datetime.fromisoformat(grant["minted"]) + timedelta(seconds=1)
    status, out, _ = run("incident", "--env", "production", "--around", middle.isoformat(), "--format", "json")
    found = json.loads(out)
    assert status == 0
    assert [item["run"] for item in found["runs_under_way"]] == [newest["run_id"]]
    assert [item["public_id"] for item in found["credentials_live"]] == [grant["public_id"]]
    assert newest["seq"] in [item["seq"] for item in found["timeline"]]
    assert newest["run_id"] in [item["run"] for item in found["changed"]]
    later = datetime.fromisoformat(grant["expires"]) + timedelta(seconds=1)
    after = json.loads(run("incident", "--env", "production", "--around", later.isoformat(), "--format", "json")[1])
    assert after["credentials_live"] == after["runs_under_way"] == []


def test_another_environment_knows_nothing_of_it(run: Shell, newest: dict[str, object]) -> None:
    found = json.loads(
        run("incident", "--env", "staging", "--around", str(newest["time"]), "--window", "1m", "--format", "json")[1]
    )
    assert newest["run_id"] not in [item["run"] for item in found["changed"]]


def test_the_text_names_what_the_json_names(run: Shell, newest: dict[str, object]) -> None:
    status, out, _ = run("incident", "--env", "production", "--around", grant_of(newest)["minted"])
    assert status == 0
    for word in (
        "Under way at that moment",
        "Credentials live at that moment",
        "Timeline",
        "Who",
        grant_of(newest)["public_id"],
        str(newest["run_id"]),
    ):
        assert word in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--around", "noon"), "not a time"),
        (("--around", "9999-12-31T23:30"), "not a time of the years 1970 to 9000"),
        (("--around", "0001-01-01"), "not a time of the years 1970 to 9000"),
        (("--around", "2026-03-01", "--window", "2 hours"), "write 90m, 2h or 3d"),
        (("--around", "2026-03-01", "--window", "99999w"), "at most 3650d"),
    ],
)
def test_what_cannot_be_read_is_said(run: Shell, arguments: tuple[str, ...], said: str) -> None:
    status, _, err = run("incident", "--env", "production", *arguments)
    assert status == 2
    assert said in err


def test_a_credential_that_was_not_proved_dead_outlives_its_run(run: Shell) -> None:
    lines = run("query", "--kind", "executed", "--all", "--format", "json")[1].splitlines()
    records = [json.loads(line)["record"]["predicate"] for line in lines]
    record = next(record for record in records if any(grant["proof"] == "unproved" for grant in record["body"]["grants"]))
    (grant,) = record["body"]["grants"]
    late = datetime.fromisoformat(grant["expires"]) - timedelta(seconds=1)
    environment = "production" if "production" in record["summary"] else "staging"
    found = json.loads(run("incident", "--env", environment, "--around", late.isoformat(), "--window", "1s", "--format", "json")[1])
    assert [item["public_id"] for item in found["credentials_live"]] == [grant["public_id"]]
    assert found["runs_under_way"] == []
