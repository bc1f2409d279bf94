"""`countersign audit verify` on a branch that is long enough for the quick look: what it did not read, it says."""

import json
from pathlib import Path

import pytest

from tests.support.audit import START, refused, signer, trust_line
from tests.support.auditor import Auditor
from tests.support.fastlog import FastLog
from tests.support.history import Make
from tests.support.shelf import Shell

RECORDS = 2100
SAID = "folders: computed, not read (--every-object reads them)"


def named(number: int) -> Make:
    return lambda _: refused(str(number))


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    """A clone with one file for each object, so that one can be taken away."""
    home = tmp_path_factory.mktemp("long")
    log = FastLog.make(home / "long.git")
    log.write((START, named(number)) for number in range(RECORDS))
    auditor = Auditor.of(log.repository, home, trust_line(signer()))
    packs = list((auditor.clone / ".git/objects/pack").glob("*.pack"))
    kept = [pack.rename(home / pack.name) for pack in packs]
    for pack in kept:
        assert auditor.git("unpack-objects", "-q", data=pack.read_bytes()).returncode == 0
    return auditor


@pytest.fixture
def run(auditor: Auditor, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(auditor, capsys)


def test_a_folder_that_is_gone_is_found_by_the_slow_look_and_the_quick_one_says_that_it_read_none(run: Shell) -> None:
    tree = run.auditor.git("rev-parse", f"{run.auditor.commits()[1000]}^{{tree}}").stdout.decode().strip()
    place: Path = run.auditor.clone / ".git/objects" / tree[:2] / tree[2:]
    place.unlink()
    status, out, _ = run("verify")
    assert (status, out.splitlines()[-1]) == (0, f"verified: {RECORDS} records, 0 problems")
    assert SAID in out.splitlines()
    assert json.loads(run("verify", "--format", "json")[1])["folders"] == "computed"
    status, out, _ = run("verify", "--every-object")
    assert status != 0
    assert SAID not in out


def test_a_short_branch_is_read_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = FastLog.make(tmp_path / "short.git")
    log.write((START, named(number)) for number in range(3))
    run = Shell(Auditor.of(log.repository, tmp_path, trust_line(signer())), capsys)
    assert "folders: " not in run("verify")[1]
    assert json.loads(run("verify", "--format", "json")[1])["folders"] == "read"
