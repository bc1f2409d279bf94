"""`countersign audit query` as an auditor types it."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from countersign.adapters.index.names import near
from tests.support.audit import Remote, refused, signer, trust_line
from tests.support.auditor import Auditor
from tests.support.shelf import Shell


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line)["record"]["predicate"] for line in out.splitlines()]


def test_a_table_for_people_newest_first(run: Shell) -> None:
    status, out, err = run("query", "--env", "production", "--kind", "executed", "-n", "3")
    assert status == 0
    head, *lines = out.splitlines()
    assert head.split() == ["RECORDED", "SEQ", "KIND", "CHANGE", "ENVIRONMENT", "AGENT", "APPROVERS", "SUMMARY"]
    assert len(lines) == 3
    assert lines == sorted(lines, reverse=True)
    assert all("executed" in line and "production" in line for line in lines)
    assert "older records match too" in err


def test_json_is_the_record_as_show_gives_it(run: Shell) -> None:
    status, out, _ = run("query", "--kind", "executed", "-n", "1", "--format", "json")
    assert status == 0
    shown = json.loads(run("show", str(json.loads(out)["seq"]), "--format", "json")[1])
    assert shown.pop("signer").startswith("SHA256:"), "which the index does not know"
    assert json.loads(out) == shown


def test_csv_is_what_a_spreadsheet_takes(run: Shell) -> None:
    status, out, _ = run("query", "--kind", "intent", "--all", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert status == 0
    assert rows
    assert {row["kind"] for row in rows} == {"intent"}
    assert {row["agent"] for row in rows} <= {"shop-agent", "sre-helper", "schema-keeper"}
    assert any("\n" in row["approvers"] for row in rows), "several approvers are lines of one cell"


def test_no_cell_is_a_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remote = Remote.make(tmp_path)
    remote.fill(
        [
            refused("a", summary='=HYPERLINK("http://x.example","click")'),
            refused("b", summary="+1, @x"),
            refused("c", summary="fine"),
        ]
    )
    run = Shell(Auditor.of(remote.path, tmp_path, trust_line(signer())), capsys)
    rows = list(csv.DictReader(io.StringIO(run("query", "--format", "csv")[1])))
    assert [row["summary"][:2] for row in rows] == ["fi", "'+", "'="]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_an_outcome_is_found_by_what_only_its_intent_says(run: Shell) -> None:
    status, out, _ = run("query", "--approver", "lea", "--kind", "executed", "--format", "json", "--all")
    found = records(out)
    assert status == 0
    assert found
    intents = {record["run_id"]: record for record in records(run("query", "--kind", "intent", "--format", "json", "--all")[1])}
    for record in found:
        assert "lea" in json.dumps(intents[record["run_id"]]["body"]["actor"]["approvers"])  # type: ignore[index]


def test_outcomes_are_found_by_the_skill_that_the_agent_named(run: Shell) -> None:
    found = records(run("query", "--skill", "add-a-column", "--format", "json", "--all")[1])
    intents = {record["run_id"]: record for record in found if record["kind"] == "intent"}
    outcomes = [record for record in found if record["kind"] in {"executed", "failed", "lost"}]
    assert outcomes
    assert {record["run_id"] for record in outcomes} <= intents.keys()
    assert all(record["body"]["claims"]["skill"] == "add-a-column" for record in intents.values())  # type: ignore[index]
    assert run("query", "--skill", "add-an-index", "--format", "json", "--all")[1] == ""


def test_a_day_is_meant_with_all_its_hours(run: Shell) -> None:
    day = str(records(run("query", "-n", "1", "--format", "json")[1])[0]["recorded_time"])[:10]
    found = records(run("query", "--from", day, "--to", day, "--format", "json")[1])
    assert found
    assert {str(record["recorded_time"])[:10] for record in found} == {day}
    assert records(run("query", "--from", f"{day}T00:00+14:00", "--to", f"{day}T00:00+13:00", "--format", "json")[1]) == []


def test_a_change_by_number_alone_or_in_full(run: Shell) -> None:
    change = records(run("query", "--kind", "executed", "-n", "1", "--format", "json")[1])[0]["change"]
    assert isinstance(change, dict)
    whole = run("query", "--change", f"acme/shop!{change['iid']}", "--format", "json")
    assert len(whole[1].splitlines()) == 3
    for name in (f"!{change['iid']}", str(change["iid"]), f"#{change['iid']}"):
        assert run("query", "--change", name, "--format", "json") == whole
    assert run("query", "--change", "acme/other!7")[1:] == ("", "note: no record matches\n")


@pytest.mark.parametrize("action", [("query",), ("exceptions",), ("sample", "--seed", "x"), ("export",)])
def test_a_name_that_no_record_has_is_told_with_those_that_are_near(run: Shell, action: tuple[str, ...]) -> None:
    status, out, err = run(*action, "--env", "Production", "--approver", "Lea")
    assert (status, "2026-" in out) == (0, False)
    assert "note: no record names the environment 'Production'; near it are: production" in err
    assert "note: no record names the approver 'Lea'; near it are: lea" in err
    assert "no record names" not in run(*action, "--env", "production", "--from", "2020-01-01", "--to", "2020-01-02")[2]


def test_a_host_is_known_with_or_without_its_port(run: Shell) -> None:
    empty = ("query", "--from", "2020-01-01", "--to", "2020-01-02", "--host")
    assert "no record names" not in run(*empty, "db.shop.example")[2]
    assert "no record names the host 'db.shop'; near it are: db.shop.example:5432" in run(*empty, "db.shop")[2]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Lea", ["lea", "leander"]),
        ("prod", ["production"]),
        ("stagign", ["staging"]),
        ("zzz", []),
        ("an", ["leander"]),
    ],
)
def test_what_is_near(asked: str, found: list[str]) -> None:
    assert near(asked, ["lea", "leander", "production", "staging", "wim", "sam", "lou"]) == found
    assert near(asked, ["x", "y"]) == ["x", "y"], "of a few, all"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "yesterday"), "not a time: 'yesterday'; write 2026-03-01"),
        (("--from", "2026-05-02", "--to", "2026-05-01"), "--from is not before --to"),
        (("--to", "20261130"), "not a time: '20261130'; write 2026-03-01"),
        (("--to", "9999-12-31"), "not a time of the years 1970 to 9000"),
        (("--from", "0001-01-01T00:00+05:00"), "not a time of the years 1970 to 9000"),
        (("--from", "0999-01-01"), "not a time of the years 1970 to 9000"),
        (("--limit", "99999999999999999999"), "argument -n/--limit: must be 1 to 1000000000"),
        (("--change", "shop"), "not a change: 'shop'; write acme/shop!41"),
        (("--path", "/etc/**"), "a path pattern is relative"),
        (("--path", "a{b,c}"), "no other wildcards"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(run: Shell, arguments: tuple[str, ...], said: str) -> None:
    status, out, err = run("query", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_kind_that_does_not_exist_is_named_with_those_that_do(run: Shell) -> None:
    status, _, err = run("query", "--kind", "done")
    assert status == 2
    assert "executed" in err


def test_without_a_trust_root_it_says_so(run: Shell) -> None:
    status, out, err = run("query", "-n", "1", trust=False)
    assert status == 0
    assert out
    assert "signatures were not checked" in err


def test_a_wrong_record_ends_the_answer_with_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), refused("b")])
    auditor = Auditor.of(remote.path, tmp_path, trust_line(signer(2)))
    status, out, err = Shell(auditor, capsys)("query")
    assert (status, out) == (1, "")
    assert "wrong: record 0" in err
    auditor.trust_file.write_text("")
    status, out, err = Shell(auditor, capsys)("query")
    assert (status, out) == (2, "")
    assert "names no key" in err


def test_an_index_that_does_not_hold_what_the_branch_holds_is_thrown_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), refused("b")])
    run = Shell(Auditor.of(remote.path, tmp_path, trust_line(signer())), capsys)
    here = ("--index", str(tmp_path / "index.sqlite"))
    assert run("query", *here, trust=False)[0] == 0
    with closing(sqlite3.connect(here[1])) as base, base:
        base.execute("UPDATE record SET leaf = printf('%064d', 0), summary = 'nothing happened' WHERE seq = 1")
    assert "nothing happened" in run("query", *here, trust=False)[1], "without a trust root the index is taken as it is"
    status, out, _ = run("query", *here)
    assert status == 0
    assert "nothing happened" not in out


def test_an_index_that_a_clone_brings_is_not_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever hands over a clone may have put into it what they like; every leaf of this one is the branch's."""
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), refused("b")])
    run = Shell(Auditor.of(remote.path, tmp_path, trust_line(signer())), capsys)
    brought = run.auditor.clone / ".git/countersign/index.sqlite"
    assert run("query", "--index", str(brought))[0] == 0
    with closing(sqlite3.connect(brought)) as base, base:
        base.execute("UPDATE record SET kind = 'executed', summary = 'nothing happened'")
    for more in ((), ("--format", "csv"), ("--format", "json")):
        status, out, _ = run("query", "--kind", "refused", *more)
        assert status == 0
        assert "Refused a" in out
        assert "nothing happened" not in out


@pytest.mark.parametrize(
    ("told", "below"), [("", "home/.cache"), ("not/absolute", "home/.cache"), ("{}/here", "here")], ids=["unset", "relative", "set"]
)
def test_it_lies_in_the_cache_of_who_asks(
    run: Shell, tmp_path: Path, told: str, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", told.format(tmp_path))
    assert run("query", "-n", "1")[0] == 0
    [index] = (tmp_path / below).glob("countersign/*.sqlite")
    assert index.parent.stat().st_mode & 0o777 == 0o700
    assert not (run.auditor.clone / ".git/countersign").exists()


def test_a_file_that_is_no_index_is_not_overwritten(run: Shell) -> None:
    before = run.auditor.trust_file.read_bytes()
    status, out, err = run("query", "--index", str(run.auditor.trust_file))
    assert (status, out) == (2, "")
    assert "is no index of this program and stays as it is; name another file with --index" in err
    assert run.auditor.trust_file.read_bytes() == before


def test_the_index_may_lie_elsewhere(run: Shell, tmp_path: Path) -> None:
    assert run("query", "-n", "1", "--index", str(tmp_path / "mine.sqlite"))[0] == 0
    assert (tmp_path / "mine.sqlite").is_file()
    (tmp_path / "file").write_text("")
    status, _, err = run("query", "--index", str(tmp_path / "file" / "mine.sqlite"))
    assert status == 3
    assert "name another with --index" in err
