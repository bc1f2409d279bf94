"""`countersign audit autonomy` on a clone with half a year of a shop in it."""

import json
from pathlib import Path

import pytest

from countersign.domain.policy_yaml import load_policy
from tests.builders import SHOP_POLICY
from tests.support.auditor import Auditor
from tests.support.shelf import Shell, shelf

WAYS = """autonomy:
  - promote: medium -> low
    each: [skill, action, service, environment]
    after: {runs: 3, days: 5, approvers: 1, rollbacks: 20}
    by: leads
    demote_on: [rollback]
"""


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    """A longer history than the other tests' one, since what is earned takes days."""
    return shelf(tmp_path_factory.mktemp("longer"), changes=200)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(SHOP_POLICY + WAYS)
    return path


def test_what_was_earned_is_shown_with_the_line_that_promotes_it(run: Shell, file: Path) -> None:
    status, out, _ = run("autonomy", "--policy", str(file))
    assert status == 0
    head, row, *_, where, line = out.splitlines()
    assert head.split() == ["STEP", "COMBINATION", "RUNS", "DAYS", "APPROVERS", "WENT", "WRONG", "STANDING"]
    assert "action migrate, environment production, service shop, skill add-a-column" in row
    assert row.endswith("earned: people may promote it")
    assert where == "to promote it, add under autonomy[0].earned:"
    promoted = load_policy((SHOP_POLICY + WAYS + f"    earned:\n    {line}\n").encode())
    assert promoted.document.autonomy[0].earned[0].skill == "add-a-column"
    file.write_text(SHOP_POLICY + WAYS + f"    earned:\n    {line}\n")
    assert "promoted, not on the record yet" in run("autonomy", "--policy", str(file))[1]


def test_json_has_the_figures(run: Shell, file: Path) -> None:
    told = [json.loads(line) for line in run("autonomy", "--policy", str(file), "--format", "json")[1].splitlines()]
    (one,) = [item for item in told if item["standing"].startswith("earned")]
    assert one["runs"] >= 3
    assert one["days"] >= 5
    assert one["approvers"] == ["wanda"]
    assert one["needs"] == {"approvers": 1, "days": 5, "rollbacks": 20, "runs": 3}


def test_without_ways_down_or_without_a_policy_it_says_so(run: Shell, file: Path) -> None:
    file.write_text(SHOP_POLICY)
    assert "has no `autonomy`" in run("autonomy", "--policy", str(file))[1]
    status, _, err = run("autonomy", "--policy", str(file.with_name("none.yaml")))
    assert status == 2
    assert "none.yaml: No such file or directory; name the policy with --policy" in err
    assert run("autonomy", "--policy", str(file.parent))[0] == 2
    file.write_text(SHOP_POLICY + WAYS.replace("medium -> low", "medium -> critical"))
    status, _, err = run("autonomy", "--policy", str(file))
    assert status == 2
    assert "a promotion goes one tier down" in err
