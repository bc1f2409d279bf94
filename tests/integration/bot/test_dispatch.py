"""The queues, through a real Redis and a real Celery worker: what crosses, and what becomes of what should not have crossed."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import redis
from celery import Celery
from celery.contrib.testing.worker import start_worker

from bot.dispatch import INTAKE_QUEUE, LOOK_TASK, RECONCILE_TASK, CeleryQueue, make_app, register
from bot.memory import connect
from countersign.domain.ids import ChangeRef
from countersign.domain.messages import RunRequest
from countersign.domain.outcomes import Fault
from tests.support.redis import RedisServer, redis_server

CHANGE = ChangeRef("acme/shop", 7)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with connect(server.url) as connection:
        connection.flushdb()
        yield connection


@pytest.fixture
def app(server: RedisServer, client: redis.Redis) -> Iterator[Celery]:
    assert client.ping()
    with make_app(server.url) as made:
        yield made


@dataclass
class Desk:
    """Remembers what it was asked; fails as often as it is told to."""

    looked: list[ChangeRef] = field(default_factory=list)
    reconciled: list[str] = field(default_factory=list)
    faults: int = 0

    def look(self, change: ChangeRef) -> str:
        self.looked.append(change)
        if self.faults:
            self.faults -= 1
            raise Fault("away")
        return "approve"

    def reconcile(self, project: str) -> int:
        self.reconciled.append(project)
        if self.faults:
            self.faults -= 1
            raise Fault("away")
        return 1


@contextmanager
def working(app: Celery, desk: Desk) -> Iterator[None]:
    register(app, desk)
    with start_worker(app, pool="solo", perform_ping_check=False, queues=[INTAKE_QUEUE], shutdown_timeout=20):
        yield


def wait(happened: object, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    assert callable(happened)
    while not happened():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_what_crosses_is_a_project_and_a_number(app: Celery, client: redis.Redis) -> None:
    queue = CeleryQueue(app)
    queue.run(CHANGE, "production")
    queue.run(CHANGE, None)
    for name in ("runs.production", "runs.none"):
        raw = client.lpop(name)
        assert isinstance(raw, bytes)
        message = json.loads(raw)
        assert message["content-type"] == "application/json"
        assert message["headers"]["task"] == "runners.run"
        assert message["properties"]["body_encoding"] == "base64"
        args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
        assert args == [{"v": 1, "project": "acme/shop", "iid": 7}]
        assert kwargs == {}
        assert RunRequest.read(args[0]).change == CHANGE


def test_the_worker_looks_at_what_is_handed_over(app: Celery) -> None:
    desk, queue = Desk(), CeleryQueue(app)
    with working(app, desk):
        queue.look(CHANGE)
        queue.reconcile("acme/shop")
        wait(lambda: desk.looked and desk.reconciled)
    assert (desk.looked, desk.reconciled) == ([CHANGE], ["acme/shop"])


def test_what_could_not_be_done_is_tried_again_and_a_pass_is_not(app: Celery) -> None:
    desk, queue = Desk(faults=2), CeleryQueue(app)
    with working(app, desk):
        queue.look(CHANGE)
        wait(lambda: len(desk.looked) == 3)
        desk.faults = 1
        queue.reconcile("acme/shop")
        queue.look(ChangeRef("acme/shop", 8))
        wait(lambda: ChangeRef("acme/shop", 8) in desk.looked)
    assert desk.reconciled == ["acme/shop"]


def test_a_look_may_be_asked_for_later(app: Celery) -> None:
    desk, queue = Desk(), CeleryQueue(app)
    with working(app, desk):
        began = time.monotonic()
        queue.look(CHANGE, seconds=1)
        wait(lambda: desk.looked)
        assert time.monotonic() - began > 0.9


@pytest.mark.parametrize(
    "message",
    [
        ({"v": 1, "project": "acme/shop", "iid": 7, "approved": True},),
        ({"v": 1, "project": "acme/shop", "iid": "7"},),
        ("acme/shop!7",),
        (),
        ({"v": 1, "project": "acme/shop", "iid": 7}, "more"),
    ],
)
def test_a_forged_message_is_thrown_away(app: Celery, message: tuple[object, ...]) -> None:
    desk, queue = Desk(), CeleryQueue(app)
    with working(app, desk):
        for task in (LOOK_TASK, RECONCILE_TASK):
            app.send_task(task, args=message, queue=INTAKE_QUEUE)
        queue.look(CHANGE)
        wait(lambda: desk.looked)
    assert (desk.looked, desk.reconciled) == ([CHANGE], [])


def test_a_pickled_message_is_never_opened(app: Celery, server: RedisServer) -> None:
    desk, queue = Desk(), CeleryQueue(app)
    with Celery("intruder", broker=server.url) as intruder, working(app, desk):
        intruder.send_task(LOOK_TASK, args=({"v": 1, "project": "acme/shop", "iid": 1},), queue=INTAKE_QUEUE, serializer="pickle")
        queue.look(CHANGE)
        wait(lambda: desk.looked)
    assert desk.looked == [CHANGE]


def test_without_a_broker_handing_over_is_a_fault_and_soon(server: RedisServer) -> None:
    with make_app(server.url) as app:
        queue = CeleryQueue(app)
        server.pause()
        try:
            began = time.monotonic()
            with pytest.raises(Fault, match="queue"):
                queue.look(CHANGE)
            assert time.monotonic() - began < 30  # well below what a forge waits for its webhook; redis-py tries three times
        finally:
            server.resume()
        queue.look(CHANGE)
