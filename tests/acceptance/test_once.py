"""At most once, however often it is asked for and whenever the runner dies."""

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.asks import insert
from tests.acceptance.dying import POINTS
from tests.acceptance.ledger import AuditBranch
from tests.acceptance.test_forged_messages import forge_message
from tests.stage import shop
from tests.stage.people import wait_for_merge, wait_until
from tests.stage.stage import ROOT, Stage
from tests.support.process import Child

BEFORE_INTENT = {"observe", "authorize", "before-intent"}


def orders(playing: Stage, customer: str) -> int:
    """Count the rows that a change has really added."""
    with psycopg.connect(playing.postgres["staging"].dsn(database="shop_staging")) as connection:
        row = connection.execute("SELECT count(*) FROM orders WHERE customer = %s", (customer,)).fetchone()
    assert row is not None
    return int(row[0])


def test_two_workers_ten_messages_one_run(playing: Stage, branch: AuditBranch) -> None:
    second = playing.another_runner("staging")
    try:
        iid = playing.cast.propose(insert("staging", 10))
        with ThreadPoolExecutor(10) as pool:
            list(
                pool.map(
                    lambda _: forge_message(
                        playing, "runners.run", {"v": 1, "project": shop.PROJECT, "iid": iid}, queue="runs.staging"
                    ),
                    range(10),
                )
            )
        wait_for_merge(playing.cast, iid)
    finally:
        second.stop()
    assert orders(playing, "customer-10") == 1
    assert branch.kinds(iid) == ["assessed", "intent", "executed"]


@pytest.mark.parametrize("point", POINTS)
def test_killed_there_started_again(playing: Stage, branch: AuditBranch, tmp_path: Path, point: str) -> None:
    playing.runners["staging"].stop()
    iid = playing.cast.propose(insert("staging", 1000 + POINTS.index(point)))
    dying = Child(
        [sys.executable, "-m", "tests.acceptance.dying", str(iid), point],
        log=tmp_path / "dying.log",
        environment=playing.runner_environment["staging"],
        folder=ROOT,
    )
    assert dying.wait(seconds=180) == -signal.SIGKILL, dying.written()
    playing.start_runner("staging")
    wait_until(
        f"an end for the change whose runner died at {point}",
        lambda: playing.cast.status(iid)[1].startswith(("applied", "failed", "lost")),
        seconds=120,
        shows=lambda: (playing.cast.status(iid), branch.kinds(iid)),
    )
    kinds = branch.kinds(iid)
    applied = orders(playing, f"customer-{1000 + POINTS.index(point)}")
    assert applied <= 1
    assert kinds.count("intent") == 1
    assert len(kinds) == 3, kinds
    assert kinds[:2] == ["assessed", "intent"]
    if point in BEFORE_INTENT or point in {"after-outbox", "after-outcome"}:
        assert kinds[-1] == "executed"
        assert applied == 1
    else:
        assert kinds[-1] == ("failed" if point == "after-intent" else "lost"), "nothing had begun right behind the intent"
    outcome = branch.of(iid)[-1]
    assert [grant["proof"] for grant in outcome["grants"]] == ["dead"]
    leftover = [role for role in branch.visitor().roles_of_runs() if outcome["run_id"].removeprefix("run-") in role]
    assert leftover == []


@pytest.mark.parametrize(("point", "ending"), [("after-intent", "failed"), ("mint", "lost")])
def test_a_runner_that_slept_through_its_own_funeral_leaves_nothing_alive(
    playing: Stage, branch: AuditBranch, tmp_path: Path, point: str, ending: str
) -> None:
    playing.runners["staging"].stop()
    number = 2000 + len(point)
    iid = playing.cast.propose(insert("staging", number))
    sleeper = Child(
        [sys.executable, "-m", "tests.acceptance.dying", str(iid), point, "--sleep"],
        log=tmp_path / "sleeper.log",
        environment=playing.runner_environment["staging"],
        folder=ROOT,
    )
    try:
        wait_until("the runner to fall asleep", lambda: sleeper.paused, shows=sleeper.written)
        playing.start_runner("staging")
        wait_until("the funeral", lambda: branch.kinds(iid)[-1:] == [ending], seconds=180, shows=lambda: branch.kinds(iid))
        sleeper.resume()
        sleeper.wait(seconds=180)
    finally:
        sleeper.stop()
    since = ["annotation"] if ending == "lost" else []  # what the sleeper knows of it, once it is awake
    assert branch.kinds(iid) == ["assessed", "intent", ending, *since]
    assert orders(playing, f"customer-{number}") == 0
    run = branch.of(iid)[1]["run_id"].removeprefix("run-")
    assert [role for role in branch.visitor().roles_of_runs() if run in role] == []
