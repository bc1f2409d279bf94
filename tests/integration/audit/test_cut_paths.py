"""A record lists as many paths as there is room for, or its inputs have all of them. What is nowhere is not missed unsaid."""

import json
from pathlib import Path

import pytest

from countersign.attestation.accounts.account import account
from countersign.attestation.accounts.exceptions import find_exceptions
from countersign.attestation.accounts.raw import raw_account
from countersign.attestation.inputs import TOO_LARGE
from countersign.attestation.record import MAX_RECORD, Draft, Entry
from tests.fakes.runner import RunnerWorld
from tests.support.audit import Remote, signer, trust_line
from tests.support.auditor import Auditor
from tests.support.shelf import Shell

FEW, MANY = 400, 4000
POLICY = ".countersign/policy.yaml"


def draft(entry: Entry) -> Draft:
    return Draft(entry.kind, entry.key, f"Record {entry.seq}", entry.change, entry.run, entry.time, entry.body)


@pytest.fixture
def entries() -> tuple[Entry, ...]:
    """Two questions, both too large for their inputs: all paths of the first one have room, and few of the second one."""
    world = RunnerWorld()
    for count in (FEW, MANY):
        world.handle(world.propose({f"a/{count}/{number:04}": "x\n" for number in range(count)} | {f"z/{count}": "x\n"}))
    few, many = world.ledger.entries
    assert few.body["inputs"]["why"] == many.body["inputs"]["why"] == TOO_LARGE  # type: ignore[index]
    return few, many


@pytest.fixture
def run(entries: tuple[Entry, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    remote = Remote.make(tmp_path)
    remote.clock.now = entries[0].time
    remote.fill(draft(entry) for entry in entries)
    return Shell(Auditor.of(remote.path, tmp_path, trust_line(signer())), capsys)


def test_a_path_behind_the_cut_is_found(run: Shell) -> None:
    status, out, err = run("query", "--path", f"z/{FEW}", "--format", "json")
    assert (status, [json.loads(line)["seq"] for line in out.splitlines()]) == (0, [0])
    assert "note: 1 more records name only some of their paths, and may match" in err


@pytest.mark.parametrize("action", ["query", "exceptions", "export", "sample"])
def test_what_is_nowhere_on_the_record_is_said_to_be_missing(run: Shell, action: str) -> None:
    more = ("--kind", "assessed", "-n", "1", "--seed", "x") if action == "sample" else ()
    said = "name only some of their paths"
    assert f"1 more records {said}" in run(action, "--path", f"z/{MANY}", *more)[2]
    assert said not in run(action, "--path", f"a/{MANY}/0000", *more)[2]
    assert said not in run(action, *more)[2]


def test_a_question_that_leaves_the_record_out_needs_no_note(run: Shell) -> None:
    assert "name only some" not in run("query", "--path", "z/*", "--kind", "failed")[2]


def test_an_account_says_how_many_it_does_not_name(entries: tuple[Entry, ...]) -> None:
    few, many = (account(json.loads(entry.raw)["predicate"]) for entry in entries)
    assert (len(few.paths), few.unlisted, few.places) == (FEW + 1, 0, few.paths)
    assert len(many.paths) > 1000
    assert len(entries[1].raw) > 0.8 * MAX_RECORD
    assert many.unlisted == MANY + 1 - len(many.paths)
    assert many.places[-1] == f"and {many.unlisted} more that the record does not name"


def test_a_cut_list_is_made_whole_by_the_inputs() -> None:
    world = RunnerWorld()
    world.handle(world.propose({f"a/{number}": "x\n" for number in range(5)} | {POLICY: world.policy + "# more\n"}))
    predicate = json.loads(world.ledger.entries[0].raw)["predicate"] | {"kind": "assessed"}
    for listed, total, found in ((["a/0"], 6, 6), (["a/0"], 1, 1), (["a/0"], 9, 6)):
        predicate["body"]["change"] |= {"paths": listed, "paths_total": total}
        told = account(predicate)
        assert raw_account(json.dumps({"predicate": predicate}).encode()) == told
        assert (len(told.paths), told.unlisted) == (found, total - found)
        assert ("policy-change" in {item.kind for item in find_exceptions([predicate])}) is (found == 6)
