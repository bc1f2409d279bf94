"""`countersign policy diff`: two policies against a real audit branch in a clone, fetched and checked, without a network."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from countersign.adapters.gitcmd import run_git
from countersign.cli.main import main
from tests.builders import NOON, SHOP_POLICY, proposal
from tests.support.audit import Remote, TickingClock, signer, trust_line
from tests.support.decided import decided
from tests.support.scratch import Scratch

LOOSE = SHOP_POLICY.replace("unmatched: critical", "unmatched: low")


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Remote:
    home = tmp_path_factory.mktemp("remote")
    made = Remote.make(home)
    made.clock = TickingClock(NOON + timedelta(days=1))
    made.fill(
        decided(proposal(path, iid=number), at=NOON + timedelta(hours=number), whole=number != 4)
        for number, path in enumerate(["db/staging/shop/1.sql", "lib/x", "docs/a.md", "lib/y", "lib/z"], start=1)
    )
    return made


@pytest.fixture
def clone(tmp_path: Path, remote: Remote) -> Scratch:
    scratch = Scratch(tmp_path / "clone")
    scratch.commit({".countersign/policy.yaml": SHOP_POLICY})
    scratch.commit({".countersign/policy.yaml": LOOSE}, branch="work")
    run_git(["fetch", "--quiet", str(remote.path), "+refs/heads/*:refs/remotes/origin/*"], cwd=scratch.folder)
    scratch.write({"loose.yaml": LOOSE, "words.yaml": SHOP_POLICY.replace("no revert commit", "no way back")})
    (tmp_path / "trusted").write_text(trust_line(signer()))
    return scratch


def diff(clone: Scratch, old: str, new: str, *args: str) -> int:
    return main(["policy", "diff", "--repo", str(clone.folder), old, new, *args])


def test_what_would_be_otherwise_is_listed(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(clone, "main", "work", "--trust-root", str(clone.folder.parent / "trusted")) == 1
    out, err = capsys.readouterr()
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [
        "2026-11-24 17:00Z acme/shop!5 looser approve · critical · leads + leads + web -> autonomous · low unmatched",
        "2026-11-24 14:00Z acme/shop!2 looser approve · critical · leads + leads + web -> autonomous · low unmatched",
        "2 of 4 past decisions would be others: 2 looser, 0 stricter",
        "2 approve -> autonomous",
    ]
    assert err.startswith("note: 1 not compared: inputs not recorded")
    assert err.endswith(": 3 (acme/shop!4)\n")


def test_files_and_commits_can_be_mixed_and_time_can_be_cut(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(clone, "main", str(clone.folder / "loose.yaml"), "--since", "2026-11-24T16:00Z", "--format", "json") == 1
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert answer["compared"] == 1
    assert answer["decisions"] == [
        {
            "at": "2026-11-24T17:00:00+00:00",
            "change": "acme/shop!5",
            "from": {"approvals": ["leads", "leads", "web"], "outcome": "approve", "tier": "critical"},
            "rules": ["unmatched"],
            "to": {"approvals": [], "outcome": "autonomous", "tier": "low"},
            "turn": "looser",
        }
    ]
    assert "signatures were not checked" in err


def test_other_words_change_nothing(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what could be compared: a decision whose inputs are there by digest only could be another one."""
    assert diff(clone, "main", str(clone.folder / "words.yaml")) == 3
    assert capsys.readouterr().out == "0 of 4 past decisions would be others\n"
    assert diff(clone, "main", str(clone.folder / "words.yaml"), "--since", "2026-11-24T16:30Z") == 0
    assert diff(clone, "main", str(clone.folder / "words.yaml"), "--format", "json") == 3
    (left,) = json.loads(capsys.readouterr().out.splitlines()[-1])["not_compared"]
    assert left["records"] == 1
    assert [(record["change"], record["number"]) for record in left["which"]] == [("acme/shop!4", 3)]
    assert left["why"].startswith("inputs not recorded")


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        (["main", "nowhere"], 30, "the clone has no commit 'nowhere'"),
        (["main", "work", "--against", "nothing"], 30, "the clone has no branch nothing"),
        (["main", "work", "--since", "yesterday"], 2, "with its offset"),
        (["main", "refs/remotes/origin/countersign/audit"], 2, "has no .countersign/policy.yaml"),
        (["main", "broken"], 2, ".countersign/policy.yaml:1:1: rules: is missing"),
    ],
)
def test_what_cannot_be_compared(
    clone: Scratch, capsys: pytest.CaptureFixture[str], args: list[str], status: int, says: str
) -> None:
    clone.commit({".countersign/policy.yaml": "version: 1\n"}, branch="broken")
    assert diff(clone, args[0], args[1], *args[2:]) == status
    assert says in capsys.readouterr().err


def test_a_branch_with_a_wrong_record_is_not_believed(clone: Scratch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "other").write_text(trust_line(signer(2)))
    assert diff(clone, "main", "work", "--trust-root", str(tmp_path / "other")) == 30
    assert "nothing is compared" in capsys.readouterr().err
