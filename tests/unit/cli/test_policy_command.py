"""`countersign policy`, the schema that it writes, and the examples that go with it."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from countersign.cli.main import main
from countersign.cli.policy_files import read_policy
from countersign.domain.policy_yaml import PolicyError, load_policy
from countersign.domain.schema import POLICY_SCHEMA, policy_schema
from tests.builders import SHOP_POLICY

SCHEMAS = Path(__file__).parents[3] / "policy-schema"
VALID = sorted((SCHEMAS / "examples/valid").glob("*.yaml"))
FLOOR = SCHEMAS / "examples/valid/floor.yaml"
INVALID = sorted((SCHEMAS / "examples/invalid").glob("*.yaml"))


def test_the_schema_is_fresh() -> None:
    assert (SCHEMAS / POLICY_SCHEMA).read_text() == policy_schema(), "run `make schema`"


def test_an_independent_reader_takes_the_schema() -> None:
    jsonschema_rs.meta.validate(json.loads(policy_schema()))


def test_editors_can_show_what_every_key_is() -> None:
    schema = json.loads(policy_schema())
    parts = {"the file": schema, **schema["$defs"]}
    keys = [(part, key, told) for part, model in parts.items() for key, told in model.get("properties", {}).items()]
    assert len(keys) > 100
    assert not [(part, key) for part, key, told in keys if not told.get("description")]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid_examples_load_and_fit_the_schema(path: Path) -> None:
    assert read_policy(path, floor=FLOOR).document.rules
    jsonschema_rs.validator_for(json.loads(policy_schema())).validate(YAML(typ="safe", pure=True).load(path))


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_examples_name_their_error_in_their_first_line(path: Path) -> None:
    expected = path.read_text().splitlines()[0].removeprefix("# ")
    with pytest.raises(PolicyError) as raised:
        load_policy(path.read_bytes(), file="policy.yaml")
    assert str(raised.value) == f"policy.yaml:{expected}"


def test_there_are_examples() -> None:
    assert VALID
    assert INVALID


def test_check_says_that_a_policy_loads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(VALID[0])]) == 0
    assert "loads, sha256:" in capsys.readouterr().out


def test_check_names_the_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(INVALID[0])]) == 1
    assert capsys.readouterr().err.startswith(f"{INVALID[0]}:")


def test_check_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", "--format", "json", str(INVALID[0])]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["loads"] is False
    assert answer["problems"][0]["line"] >= 1


def test_check_wants_the_floor_that_a_policy_extends(capsys: pytest.CaptureFixture[str]) -> None:
    above = str(SCHEMAS / "examples/valid/providers.yaml")
    assert main(["policy", "check", above]) == 1
    assert "floor.yaml: not there" in capsys.readouterr().err
    assert main(["policy", "check", above, "--floor", str(FLOOR)]) == 0
    assert main(["policy", "check", above, "--floor", "none.yaml"]) == 2
    assert "none.yaml: No such file" in capsys.readouterr().err


DOUBTFUL = SHOP_POLICY.replace("teams: {", "teams: {idle: [acme/idle], ").replace("s3:PutObject", "*")
IDLE = "warning: team 'idle' is defined and never used [unused]"
WIDE = "error: credential 'bucket': the session policy allows every action, so it narrows nothing [wildcard-action]"


def test_check_names_errors_and_warnings_of_all_files_in_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    one, other, fine = tmp_path / "b.yaml", tmp_path / "a.yaml", tmp_path / "c.yaml"
    one.write_text(DOUBTFUL)
    other.write_text("version: 2\n")
    fine.write_text(SHOP_POLICY)
    assert main(["policy", "check", str(one), str(other), str(fine)]) == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert f"{other}:1:1: error: rules: is missing [invalid]" in lines
    assert all(line.startswith(f"{other}:1:") for line in lines[:-2])
    assert lines[-2:] == [f"{one}:2:9: {IDLE}", f"{one}:46:5: {WIDE}"]
    assert out.splitlines()[0].endswith(", 1 error, 1 warning")
    assert [line.split(":")[0] for line in out.splitlines()] == [str(one), str(fine)]
    assert "\x1b" not in out + err


def test_warnings_fail_only_where_that_is_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(DOUBTFUL.replace('"*"], Resource', '"s3:PutObject"], Resource'))
    assert main(["policy", "check", str(file)]) == 0
    assert main(["policy", "check", "--strict", "--format", "json", str(file)]) == 1
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["fine"] is False
    assert answer["loads"] is True
    assert [problem["severity"] for problem in answer["problems"]] == ["warning"]


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["policy", "check", str(tmp_path / "none.yaml")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_the_schema_goes_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "schema", "--write", str(tmp_path)]) == 0
    assert (tmp_path / POLICY_SCHEMA).read_text() == policy_schema()
    assert main(["policy", "schema"]) == 0
    assert capsys.readouterr().out == policy_schema()
