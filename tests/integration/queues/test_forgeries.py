"""Whatever is in a queue: the worker lives, nothing is handed on, nothing comes back, and the refusal can be found by its digest.

Real Redis, the real application of each face in a process of its own (`tests/support/queue_worker.py`).
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis

from countersign.domain.envelope import Envelope
from runners import clock
from tests.integration.queues.forgeries import FORGERIES, MARK, REQUEST, body, envelope, good
from tests.support.process import Child
from tests.support.redis import RedisServer, redis_server

ROOT = Path(__file__).parents[3]
_numbers = count(1000)
_PRINTED = "worker: "
"""Celery prints what signal it got, past all logging: fixed words."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker, its Redis and what it has left behind."""

    child: Child
    server: RedisServer
    folder: Path
    task: str
    queue: str

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.server.url)

    def push(self, *raw: bytes) -> None:
        with self.redis() as client:
            for item in raw:
                client.lpush(self.queue, item)

    def honest(self) -> int:
        """Send an honest request and wait until it has arrived: what was sent before has been dealt with."""
        iid = next(_numbers)
        self.push(good(self.task, self.queue, iid))
        self.child.wait_for(lambda: iid in self.read("handled"), seconds=120)
        return iid

    def read(self, name: str) -> list[Any]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def refused(self) -> list[dict[str, Any]]:
        """Give the refusals in the log. That every line is JSON is part of what is asked."""
        lines = [json.loads(line) for line in self.log().splitlines() if line and not line.startswith(_PRINTED)]
        return [line for line in lines if "digest" in line]

    def ends(self) -> int:
        os.kill(self.child.pid, signal.SIGTERM)
        return self.child.wait(seconds=20)


@contextmanager
def working(face: str, server: RedisServer, folder: Path) -> Iterator[Worker]:
    argv = [sys.executable, "-m", "tests.support.queue_worker", face, server.url, str(folder)]
    task, queue = ("bot.intake", "intake") if face == "bot" else ("runners.run", "runs.production")
    with Child(argv, log=folder / "log", folder=ROOT) as child:
        yield Worker(child, server, folder, task, queue)


@pytest.fixture(scope="module", params=["hasty", "bot"])
def worker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Both faces; the runner is one for which time flies, so that each refusal gets a record of its own."""
    folder = tmp_path_factory.mktemp("worker")
    with redis_server() as server, working(request.param, server, folder) as running:
        running.honest()
        yield running


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


def digest(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_and_is_gone(worker: Worker, name: str) -> None:
    raw = FORGERIES[name](worker.task, worker.queue)
    handled = len(worker.read("handled"))
    worker.push(raw)
    worker.honest()
    assert len(worker.read("handled")) == handled + 1, "only the honest request arrived"
    assert worker.read("reconciled") == []
    (line,) = [line for line in worker.refused() if line["digest"] == digest(raw)]
    assert line["bytes"] == len(raw)
    assert len(line["why"]) <= 500
    with worker.redis() as client:
        assert client.llen(worker.queue) == 0
        assert not {b"unacked", b"unacked_index"} & set(client.scan_iter())
        assert client.llen("runs.staging") == 0, "nothing was sent on"
    if worker.queue != "intake":
        (record,) = [record for record in worker.read("records") if record["key"] == f"refused/{digest(raw)}"]
        assert record == {
            "key": f"refused/{digest(raw)}",
            "message": {"bytes": len(raw), "digest": digest(raw)},
            "stage": "intake",
            "why": line["why"],
        }


def test_no_text_of_a_message_is_in_the_log(worker: Worker) -> None:
    """Names of fields may be, a few and cut short, where they are what is wrong."""
    for forgery in FORGERIES.values():
        worker.push(forgery(worker.task, worker.queue))
    worker.honest()
    assert len(worker.refused()) >= len(FORGERIES)
    assert MARK not in worker.log()


def test_what_else_is_in_redis_does_not_end_a_worker(worker: Worker) -> None:
    with worker.redis() as client:
        client.hset("unacked", "tag", "garbage")
        client.zadd("unacked_index", {"tag": 1})
        client.sadd(f"_kombu.binding.{worker.queue}", "garbage")
        client.publish("/0.celery.pidbox", "garbage")
        worker.honest()
        for priority in (3, 6, 9):
            client.lpush(f"{worker.queue}\x06\x16{priority}", "garbage")
        worker.honest()
        client.delete(worker.queue)
        client.set(worker.queue, "no list at all")
        worker.child.wait_for(lambda: "ResponseError" in worker.log())
        client.delete(worker.queue)
        worker.honest()


def test_the_honest_request_is_made_anew(worker: Worker) -> None:
    """What Celery is handed has nothing of the sender's but project, number, tries and times."""
    iid = next(_numbers)
    worker.push(
        envelope(
            worker.task,
            worker.queue,
            body({**REQUEST, "iid": iid}),
            headers={"timelimit": MARK, "shadow": MARK, "id": [MARK], "stamps": {"x": MARK}, "group": MARK, "lang": 7},
            properties={"delivery_info": None, "delivery_tag": [], "priority": "high", "reply_to": {}},
        )
    )
    worker.child.wait_for(lambda: iid in worker.read("handled"))
    worker.honest()


def test_a_change_that_somebody_else_is_at_work_on_is_asked_for_again(server: RedisServer, tmp_path: Path) -> None:
    with working("runner", server, tmp_path) as worker:
        iid = worker.honest()
        (tmp_path / "busy").touch()
        worker.push(good(worker.task, worker.queue, iid))
        worker.child.wait_for(lambda: worker.read("handled").count(iid) == 3, seconds=60)
        (tmp_path / "busy").unlink()
        worker.child.wait_for(lambda: worker.read("handled").count(iid) == 4, seconds=60)
        worker.honest()
        assert worker.read("handled").count(iid) == 4


def test_a_flood_gets_few_records_and_one_that_counts_the_rest(server: RedisServer, tmp_path: Path) -> None:
    flood = [f"garbage {number}".encode() for number in range(60)]
    with working("runner", server, tmp_path) as running:
        running.push(*flood)
        running.honest()
        assert running.ends() == 0
        records = running.read("records")
        counted = [record["messages"]["count"] for record in records if "messages" in record]
        assert len(records) - len(counted) + sum(counted) == len(flood)
        assert len(records) <= 22, "ten a minute and one that counts; a minute may begin in between"
        assert {line["digest"] for line in running.refused()} == {digest(raw) for raw in flood}


def test_a_refusal_outlives_an_audit_branch_that_is_away_and_the_worker(server: RedisServer, tmp_path: Path) -> None:
    (tmp_path / "away").touch()
    with working("runner", server, tmp_path) as running:
        running.push(b"garbage")
        running.honest()
        assert running.ends() == 0
    assert running.read("records") == []
    (tmp_path / "away").unlink()
    with working("runner", server, tmp_path) as running:
        running.child.wait_for(lambda: running.read("records") != [])
    assert [record["key"] for record in running.read("records")] == [f"refused/{digest(b'garbage')}"]
    assert not (tmp_path / "refusals.json").exists()


@pytest.mark.parametrize("face", ["runner", "bot"])
def test_a_worker_that_is_told_to_stop_has_done_its_work(server: RedisServer, tmp_path: Path, face: str) -> None:
    with working(face, server, tmp_path) as running:
        running.honest()
        assert running.ends() == 0


def test_a_worker_that_ends_unasked_says_so(server: RedisServer, tmp_path: Path) -> None:
    with working("broken", server, tmp_path) as running:
        assert running.child.wait(seconds=20) == 1


def test_what_was_not_taken_up_goes_back_when_the_worker_stops(server: RedisServer, tmp_path: Path) -> None:
    soon = (clock.now() + timedelta(minutes=10)).isoformat()
    iid = next(_numbers)
    held = envelope("runners.run", "runs.production", body({**REQUEST, "iid": iid}), headers={"eta": soon, "retries": 3})
    with working("runner", server, tmp_path) as running:
        running.push(held)
        running.honest()
        assert running.ends() == 0
        with running.redis() as client:
            (back,) = client.lrange("runs.production", 0, -1)
    envelope_again = Envelope.read(back, tasks=("runners.run",), now=clock.now())
    assert (envelope_again.request.iid, envelope_again.tries) == (iid, 3)
    assert envelope_again.not_before == datetime.fromisoformat(soon)
