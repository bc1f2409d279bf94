"""`countersign audit sample`: it says what it was drawn from, and is drawn again as of then when the log has grown."""

import csv
import io
import json
from itertools import islice

import pytest

from tests.support.audit import signer, trust_line
from tests.support.auditor import Auditor
from tests.support.fastlog import FastLog
from tests.support.history import History
from tests.support.shelf import Shell


def checkpoint(run: Shell) -> str:
    return str(json.loads(run("verify", "--format", "json")[1])["checkpoint"])


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> tuple[Auditor, Auditor]:
    """Clone a log after one push and after the next."""
    home = tmp_path_factory.mktemp("grown")
    log, events, made = FastLog.make(home / "shop.git"), History(changes=60, seed=9).events(), []
    for name, more in (("then", islice(events, 120)), ("now", events)):
        (home / name).mkdir()
        log.write(more)
        made.append(Auditor.of(log.repository, home / name, trust_line(signer())))
    return made[0], made[1]


@pytest.fixture
def earlier(clones: tuple[Auditor, Auditor], capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(clones[0], capsys)


@pytest.fixture
def run(clones: tuple[Auditor, Auditor], capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(clones[1], capsys)


def test_a_sample_says_what_it_was_drawn_from(run: Shell) -> None:
    newest = checkpoint(run)
    ask = ("sample", "-n", "2", "--seed", "2026-Q4")
    narrow = ("--agent", "shop-agent", "--to", "2026-11-30", "--kind", "executed")
    whole, less = json.loads(run(*ask, "--format", "json")[1].splitlines()[0])["sample"], run(*ask, *narrow, "--format", "json")
    assert (whole["checkpoint"], whole["narrowed"], whole["seed"]) == (newest, {}, "2026-Q4")
    told = json.loads(less[1].splitlines()[0])["sample"]
    assert told["narrowed"] == {"--agent": "shop-agent", "--to": "2026-12-01T00:00:00.000000Z"}
    assert (told["checkpoint"], told["kinds"], told["drawn"]) == (newest, ["executed"], 2)
    assert 2 <= told["population"] < whole["population"]
    said = f'among the {newest.partition("@")[0]} records of checkpoint {newest}; narrowed by --to "2026-12-01T00:00:00.000000Z"'
    assert said in run(*ask, *narrow)[1], "a table is kept with what it was drawn from"
    cells = list(csv.DictReader(io.StringIO(run(*ask, *narrow, "--format", "csv")[1])))
    assert [said in cell["sample"] for cell in cells] == [True, True]
    assert "not narrowed" in run(*ask)[1]


def test_every_option_that_narrows_a_sample_is_told(run: Shell) -> None:
    names = "service agent sponsor author approver skill tier action env credential host path rule run"
    times = {"--from": "2026-01-01T00:00:00.000000Z", "--to": "2026-02-01T00:00:00.000000Z"}
    options = {f"--{name}": "x" for name in names.split()} | times | {"--change": "acme/shop!7"}
    asked = [word for option in options.items() for word in option]
    told = json.loads(run("sample", "--seed", "x", *asked, "--format", "json")[1])["sample"]
    assert told["narrowed"] == options
    (group,) = [part for part in run("sample", "--help")[1].split("\n\n") if part.startswith("narrow by")]
    known = {line.split()[0].rstrip(",") for line in group.splitlines() if line.startswith("  --")}
    assert known == {*options, "--kind"}


def test_a_sample_is_drawn_again_when_the_log_has_grown(run: Shell, earlier: Shell) -> None:
    then = checkpoint(earlier)
    ask = ("sample", "-n", "40", "--seed", "2026-Q4", "--path", "**")
    for form in ("table", "json", "csv"):
        drawn = earlier(*ask, "--format", form)
        assert (drawn[0], then in drawn[1]) == (0, True)
        assert run(*ask, "--format", form)[1] != drawn[1]
        assert run(*ask, "--format", form, "--checkpoint", then) == drawn
    assert earlier(*ask, "--checkpoint", then) == earlier(*ask)


def test_a_checkpoint_that_is_not_of_this_log_draws_nothing(run: Shell, earlier: Shell) -> None:
    newest = checkpoint(run)
    size, _, root = newest.partition("@")
    fewer = checkpoint(earlier).partition("@")[0]
    for shell, given, why in (
        (earlier, newest, f"the log has {fewer} records; it is of another log"),
        (run, f"{int(size) - 1}@{root}", f"over the log's first {int(size) - 1} records the root is another"),
        (run, root, "a checkpoint is written as 42@sha256:"),
        (run, f"0@{root}", "a checkpoint is written as 42@sha256:"),
    ):
        status, out, err = shell("sample", "--seed", "x", "--checkpoint", given)
        assert (status, out) == (2, "")
        assert f"--checkpoint {given}: {why}" in err


def test_a_seed_that_is_not_text_is_refused(run: Shell) -> None:
    status, _, err = run("sample", "--seed", "\udcff")
    assert (status, "the seed is not UTF-8" in err) == (2, True)
