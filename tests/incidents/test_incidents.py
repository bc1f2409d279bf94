"""The 26 incidents of the design, re-enacted against the policy: what was tried is stopped, its harmless twin is not.

README.md beside this file says for each row which stage stops it in full and which tests show that stage.
"""

import re
from pathlib import Path

import pytest

from tests.incidents.scenario import Scenario, rows
from tests.incidents.stage import check

ROWS = rows()
ROOT = Path(__file__).parents[2]
README = (Path(__file__).parent / "README.md").read_text()
PLAYED = [
    pytest.param(scenario, id=f"{row.row:02}-{kind}-{scenario.name}")
    for row in ROWS
    for kind, scenarios in (("attack", row.attacks), ("twin", row.twins))
    for scenario in scenarios
]


@pytest.mark.parametrize("scenario", PLAYED)
def test_an_incident_is_stopped_and_its_twin_is_not(scenario: Scenario, tmp_path: Path) -> None:
    check(scenario, tmp_path)


def test_every_row_is_played_once() -> None:
    assert [row.row for row in ROWS] == list(range(1, 27))


def test_no_twin_is_refused() -> None:
    """The false refusals that the corpus asks for: none. A twin may wait for approval or for a freeze to end."""
    refused = [twin.name for row in ROWS for twin in row.twins if twin.expect.effect in {"refused", "does not load"}]
    assert refused == []


def test_every_attack_is_refused_waits_or_is_not_milder_than_it_was() -> None:
    loose = [
        attack.name
        for row in ROWS
        for attack in row.attacks
        if attack.expect.satisfied or (attack.expect.effect == "autonomous" and attack.expect.said_and_seen is None)
    ]
    assert loose == []


def test_the_table_has_every_row_and_names_tests_that_exist() -> None:
    table = dict(re.findall(r"^\| (\d+) \|(.*)\|$", README, re.MULTILINE))
    assert sorted(map(int, table)) == list(range(1, 27))
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for row, text in table.items():
        named = re.findall(r"`(test_\w+)`", text)
        assert named or "policy alone" in text or "not built" in text, f"row {row} names neither a test nor why there is none"
        assert [name for name in named if f"def {name}(" not in written] == []
