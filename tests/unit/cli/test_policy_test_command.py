"""`countersign policy test`: passes, failures with what was seen, mutants, and exit statuses that a pipeline can rely on."""

import json
from pathlib import Path

import pytest

from countersign.cli.main import main
from tests.builders import SHOP_POLICY

GOOD = """\
- name: nobody ships in the holidays
  at: 2026-12-28T10:00+01:00
  change: {files: [db/production/shop/V1.sql], lines: 2}
  expect: {outcome: frozen, until: 2027-01-04T08:00+01:00, tier: medium, approvals: [web]}
"""
BAD = """\
- name: the way to staging is closed
  at: 2026-11-24T10:00Z
  change: {files: [db/staging/shop/V1.sql]}
  expect: {outcome: refused}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / ".countersign/tests"
    folder.mkdir(parents=True)
    (tmp_path / ".countersign/policy.yaml").write_text(SHOP_POLICY)
    (folder / "freeze.yaml").write_text(GOOD)
    return folder


def test_all_pass(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "test", str(repository)]) == 0
    out = capsys.readouterr().out
    assert out == "pass  frozen  medium  nobody ships in the holidays\n1 scenario: all pass\n"


def test_the_examples_scenarios_pass(capsys: pytest.CaptureFixture[str]) -> None:
    examples = Path(__file__).parents[3] / "policy-schema/examples"
    assert main(["policy", "test", str(examples / "scenarios"), "--policy", str(examples / "valid/example.yaml")]) == 0
    assert "17 scenarios: all pass" in capsys.readouterr().out


def test_a_failure_shows_what_was_seen_and_why(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "way.yaml").write_text(BAD)
    assert main(["policy", "test", str(repository)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "FAIL  autonomous  low     the way to staging is closed"
    assert lines[2].strip() == f"{repository / 'way.yaml'}:1:3"
    assert lines[3].split() == ["outcome:", "expected", "refused,", "seen", "autonomous"]
    assert "migrations in staging" in lines[4]
    assert lines[4].endswith("<- decides")
    assert lines[-1] == "2 scenarios: 1 failed"


def test_for_machines(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "way.yaml").write_text(BAD)
    assert main(["policy", "test", "--format", "json", str(repository)]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["passed"] is False
    assert [scenario["passed"] for scenario in answer["scenarios"]] == [True, False]
    assert answer["scenarios"][1]["differences"] == [{"expected": "refused", "seen": "autonomous", "what": "outcome"}]


def test_mutants_that_nothing_notices_are_named_with_their_place(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "test", "--mutate", str(repository)]) == 1
    lines = capsys.readouterr().out.splitlines()
    policy = repository.parent / "policy.yaml"
    assert f"{policy}:21:54: survives: drop kind binary of rule 'opaque files'" in lines
    assert not [line for line in lines if "freeze year-end" in line]
    assert " survive; " in lines[-1]


def test_mutants_wait_for_the_scenarios_to_pass(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "way.yaml").write_text(BAD)
    assert main(["policy", "test", "--mutate", str(repository)]) == 1
    assert "first the scenarios have to pass" in capsys.readouterr().err


def test_a_policy_whose_every_part_is_tested_ends_well(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository.parent / "policy.yaml").write_text(
        "version: 1\nteams: {web: [acme/web]}\ntiers:\n  high: {mode: approve, approvals: [{from: web}]}\n"
        "unmatched: refuse\nrules:\n  - {name: all, paths: ['**'], tier: high}\n"
    )
    (repository / "freeze.yaml").write_text(
        "- {name: asks, at: 2026-11-24T10:00Z, change: {files: [a/b]}, expect: {outcome: approve, approvals: [web]}}\n"
    )
    assert main(["policy", "test", "--mutate", str(repository)]) == 0
    (repository.parent / "policy.yaml").write_text((repository.parent / "policy.yaml").read_text().replace("['**']", "[a/**]"))
    assert main(["policy", "test", "--mutate", str(repository)]) == 1
    assert "survives: lower unmatched refuse to high" in capsys.readouterr().out
    (repository / "more.yaml").write_text(
        "- {name: says no, at: 2026-11-24T10:00Z, change: {files: [b]}, expect: {outcome: refused, rule: unmatched}}\n"
    )
    assert main(["policy", "test", "--mutate", str(repository)]) == 0


@pytest.mark.parametrize(
    ("name", "text", "status", "says"),
    [
        ("tests/freeze.yaml", "- {name: n}\n", 1, "freeze.yaml:1:3: expect: is missing"),
        ("policy.yaml", "version: 1\n", 1, "policy.yaml:1:1: "),
        ("tests/freeze.yaml", None, 2, "no scenarios"),
        ("policy.yaml", None, 2, "No such file"),
    ],
)
def test_what_cannot_be_tested(
    repository: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, status: int, says: str
) -> None:
    file = repository.parent / name
    file.unlink()
    if text is not None:
        file.write_text(text)
    assert main(["policy", "test", str(repository)]) == status
    assert says in capsys.readouterr().err
