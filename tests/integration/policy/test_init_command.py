"""`countersign policy init`: a repository gets its first policy, which passes check and test, and loses nothing."""

import os
from pathlib import Path

import pytest

from countersign.cli.main import main
from tests.support.scratch import Scratch

FILES = {
    "deploy/production/shop/Chart.yaml": "name: shop\n",
    "db/migrations/V1.sql": "CREATE TABLE orders (id int);\n",
    "CODEOWNERS": "* @acme/web\n",
    ".gitignore": "build/\n",
}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    scratch = Scratch(tmp_path / "clone")
    scratch.commit(FILES)
    scratch.write({"infra/main.tf": "", "build/main.tf": ""})
    monkeypatch.chdir(scratch.folder)
    return scratch


def test_what_it_writes_passes(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "init"]) == 0
    assert main(["policy", "check", "--strict"]) == 0
    assert main(["policy", "test"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("found: charts, infrastructure, database changes, environment production\n")
    policy = (clone.folder / ".countersign/policy.yaml").read_text()
    assert "teams: {owners: [acme/web]}" in policy
    assert "infra/**" in policy
    assert "build/" not in policy


@pytest.mark.parametrize("name", [".countersign/policy.yaml", ".countersign/tests/first.yaml"])
def test_it_overwrites_only_when_it_is_told_to(clone: Scratch, capsys: pytest.CaptureFixture[str], name: str) -> None:
    clone.write({name: "mine\n"})
    assert main(["policy", "init"]) == 2
    assert f"{name} is there already" in capsys.readouterr().err
    assert (clone.folder / name).read_text() == "mine\n"
    assert main(["policy", "init", "--force"]) == 0
    assert main(["policy", "test"]) == 0


def test_a_link_is_replaced_and_not_followed(clone: Scratch, tmp_path: Path) -> None:
    aim = tmp_path / "elsewhere"
    aim.write_text("mine\n")
    (clone.folder / ".countersign").mkdir()
    (clone.folder / ".countersign/policy.yaml").symlink_to(aim)
    assert main(["policy", "init"]) == 2
    assert main(["policy", "init", "--force"]) == 0
    assert aim.read_text() == "mine\n"


def test_from_a_folder_below_it_writes_at_the_top(clone: Scratch) -> None:
    os.chdir(clone.folder / "db")
    assert main(["policy", "init"]) == 0
    assert (clone.folder / ".countersign/policy.yaml").is_file()


def test_a_folder_that_is_no_clone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "init", "--repo", str(tmp_path)]) == 30
    assert "is in no git repository" in capsys.readouterr().err
