"""The whole path over HTTP alone: webhook bytes in, verified branch out."""

import re
from pathlib import Path

from tests.acceptance.asks import insert, migration
from tests.acceptance.ledger import AuditBranch
from tests.stage import shop
from tests.stage.people import wait_for_merge, wait_until
from tests.stage.stage import Stage
from tests.support.authority import authority


def settled(playing: Stage, iid: int, word: str, *, seconds: float = 180) -> None:
    """Wait until the status of a change begins with a word."""
    cast = playing.cast
    wait_until(
        f"{word!r} for !{iid}", lambda: cast.status(iid)[1].startswith(word), seconds=seconds, shows=lambda: cast.status(iid)
    )


def test_staging_is_autonomous_and_on_the_record(playing: Stage, branch: AuditBranch) -> None:
    iid = playing.cast.propose(migration("staging", "ALTER TABLE orders ADD COLUMN a_path text;"))
    wait_for_merge(playing.cast, iid)
    assert branch.kinds(iid) == ["assessed", "intent", "executed"]
    assert "a_path" in branch.visitor().columns("staging", "orders")
    executed = branch.of(iid)[-1]
    assert [grant["proof"] for grant in executed["grants"]] == ["dead"]
    assert executed["result"]["network"] == "staging"
    assert {item["name"] for item in executed["result"]["connections"]} == {"db.staging.shop.example:5432"}


def test_production_waits_for_somebody_else(playing: Stage, branch: AuditBranch) -> None:
    cast = playing.cast
    iid = cast.propose(migration("production", "ALTER TABLE orders ADD COLUMN b_path text;"))
    wait_until("the question", lambda: cast.asked(iid), shows=lambda: cast.status(iid))
    cast.approve(shop.SPONSOR, iid)
    wait_until(
        "the bot to say that the sponsor does not count",
        lambda: any("sponsor" in note.body for note in cast.change("lea", iid).notes.list(get_all=True)),
    )
    assert cast.state(iid) == "opened"
    assert branch.kinds(iid) == ["assessed"]
    cast.approve("wim", iid)
    wait_for_merge(playing.cast, iid)
    assert branch.kinds(iid) == ["assessed", "intent", "executed"]
    intent = branch.of(iid)[1]
    assert [approver["username"] for approver in intent["actor"]["approvers"]] == ["wim"]
    assert intent["actor"]["sponsor"]["username"] == shop.SPONSOR
    assert intent["actor"]["agent"]["id"] == shop.AGENT


def test_a_page_is_published_with_a_session_for_its_bucket(playing: Stage, branch: AuditBranch) -> None:
    cast = playing.cast
    playing.moto.lift_denials("shop-site-production")  # moto denies a role's later sessions too, not one run's alone
    iid = cast.propose(shop.new_page())
    wait_until("the question", lambda: cast.asked(iid), shows=lambda: cast.status(iid))
    assert "Open every day" not in branch.visitor().page(shop.BUCKET, "index.html")
    cast.approve("wim", iid)
    wait_for_merge(playing.cast, iid)
    assert branch.kinds(iid) == ["assessed", "intent", "executed"]
    executed = branch.of(iid)[-1]
    assert [(grant["provider"], grant["proof"]) for grant in executed["grants"]] == [("aws", "dead")]
    assert {item["name"] for item in executed["result"]["connections"]} == {"aws.shop.example:5000"}
    assert "Open every day" in branch.visitor().page(shop.BUCKET, "index.html")


def test_a_dropped_table_is_refused_with_every_approval(playing: Stage, branch: AuditBranch) -> None:
    cast = playing.cast
    iid = cast.propose(shop.drop_table())
    for username in ("lea", "lou", "wanda", "wim"):
        cast.approve(username, iid)
    settled(playing, iid, "refused, record")
    assert set(branch.kinds(iid)) == {"refused"}
    refused = branch.of(iid)[0]
    assert "data that would be gone" in refused["why"]
    deciding = [reason for reason in refused["decision"]["reasons"] if reason["decides"]]
    assert any(str(reason["place"]).startswith(".countersign/policy.yaml:") for reason in deciding)
    assert cast.state(iid) == "opened"
    assert "name" in branch.visitor().columns("production", "executives")
    assert branch.visitor().roles_of_runs() == []


def test_a_failing_migration_is_recorded_and_not_merged(playing: Stage, branch: AuditBranch) -> None:
    iid = playing.cast.propose(migration("staging", "ALTER TABLE no_such_table ADD COLUMN x text;"))
    settled(playing, iid, "failed, record")
    assert branch.kinds(iid) == ["assessed", "intent", "failed"]
    failed = branch.of(iid)[-1]
    assert failed["result"]["exit_code"] != 0
    assert [grant["proof"] for grant in failed["grants"]] == ["dead"]
    assert playing.cast.state(iid) == "opened"


def test_a_closed_change_leaves_no_question_open(playing: Stage, branch: AuditBranch) -> None:
    cast = playing.cast
    iid = cast.propose(migration("production", "ALTER TABLE orders ADD COLUMN c_path text;"))
    wait_until("the question", lambda: cast.asked(iid), shows=lambda: cast.status(iid))
    change = cast.change("lea", iid)
    change.state_event = "close"
    change.save()
    wait_until("the end of the question", lambda: branch.kinds(iid) == ["assessed", "expired"], seconds=120)
    assert branch.of(iid)[-1]["why"] == "the change was closed"


def test_an_authority_stamps_the_record(playing: Stage, branch: AuditBranch, tmp_path: Path) -> None:
    wait_for_merge(playing.cast, playing.cast.propose(insert("staging", 2)))
    with authority(tmp_path / "tsa") as tsa:
        said = [playing.runner_says("staging", "timestamp", "--tsa", tsa.url, "--tsa-ca", str(tsa.ca)) for _ in range(2)]
        assert re.fullmatch(rf"{shop.PROJECT}: record (\d+): timestamped \1 records at \S+", said[0])
        assert said[1] == f"{shop.PROJECT}: nothing new to timestamp"
        verified = branch.verify("--tsa-ca", str(tsa.ca))
    assert verified.status == 0, verified.text
    assert "timestamps: 1 good; records 0 to" in verified.text


def test_the_branch_verifies_offline_and_with_stock_git(playing: Stage, branch: AuditBranch) -> None:
    wait_for_merge(playing.cast, playing.cast.propose(insert("staging", 1)))
    verified = branch.verify()
    assert verified.status == 0, verified.text
    assert verified.text.strip().endswith("0 problems")
    signatures = branch.visitor().signatures().text
    assert "Good" in signatures
    assert "No signature" not in signatures
