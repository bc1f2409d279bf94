"""What the bot relies on remembering, asked of the memory in tests and of a real Redis alike."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
import redis

from bot.memory import RedisDeliveries, RedisKeys, RedisMarks, connect
from bot.ports import Deliveries, Keys, Mark, Marks
from countersign.domain.ids import ChangeRef, digest_of
from countersign.domain.outcomes import Fault
from tests.builders import NOON
from tests.fakes.bot import FakeDeliveries, FakeKeys, FakeMarks
from tests.support.redis import RedisServer, redis_server

SHOP, BAKERY = "acme/shop", "acme/bakery"
CHANGE = ChangeRef(SHOP, 7)
ONE, OTHER = digest_of(b"one"), digest_of(b"other")
LONG = timedelta(minutes=1)


@dataclass
class Memory:
    """All three memories; `wait` lets time pass, `take_away` ends what they lean on."""

    deliveries: Deliveries
    keys: Keys
    marks: Marks
    wait: Callable[[float], None]
    take_away: Callable[[], None]
    bring_back: Callable[[], None]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with connect(server.url) as connection:
        connection.flushdb()
        yield connection


@pytest.fixture(params=["fake", "redis"])
def memory(request: pytest.FixtureRequest) -> Memory:
    if request.param == "redis":
        running: RedisServer = request.getfixturevalue("server")
        client: redis.Redis = request.getfixturevalue("client")
        return Memory(RedisDeliveries(client), RedisKeys(client), RedisMarks(client), time.sleep, running.pause, running.resume)
    passed = [NOON]
    deliveries, keys, marks = FakeDeliveries(), FakeKeys(), FakeMarks(clock=lambda: passed[0])

    def wait(seconds: float) -> None:
        passed[0] += timedelta(seconds=seconds)

    def switch(*, away: bool) -> None:
        for part in (deliveries, keys, marks):
            part.away = away

    return Memory(deliveries, keys, marks, wait, lambda: switch(away=True), lambda: switch(away=False))


def test_a_delivery_is_new_once(memory: Memory) -> None:
    assert memory.deliveries.first(SHOP, "d-1")
    assert not memory.deliveries.first(SHOP, "d-1")
    assert memory.deliveries.first(SHOP, "d-2")
    assert memory.deliveries.first(BAKERY, "d-1")


def test_a_forgotten_delivery_is_new_again(memory: Memory) -> None:
    memory.deliveries.first(SHOP, "d-1")
    memory.deliveries.forget(SHOP, "d-1")
    memory.deliveries.forget(SHOP, "never seen")
    assert memory.deliveries.first(SHOP, "d-1")


def test_of_many_at_once_one_is_first(memory: Memory) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: memory.deliveries.first(SHOP, "d-1"), range(40)))
    assert sorted(answers) == [False] * 39 + [True]


@pytest.mark.parametrize("strange", ["", " ", "\n", "d:*", "é" * 100, "x" * 5000])
def test_ids_may_be_anything(memory: Memory, strange: str) -> None:
    assert memory.deliveries.first(SHOP, strange)
    assert not memory.deliveries.first(SHOP, strange)


def test_a_key_stands_for_one_content_of_one_agent(memory: Memory) -> None:
    assert memory.keys.claim("shop-agent", "k", ONE)
    assert memory.keys.claim("shop-agent", "k", ONE)
    assert not memory.keys.claim("shop-agent", "k", OTHER)
    assert memory.keys.claim("baker", "k", OTHER)


def test_marks_are_kept_apart(memory: Memory) -> None:
    memory.marks.keep(Mark.SENT, CHANGE, ONE, good=LONG)
    memory.marks.keep(Mark.REFLECTED, CHANGE, OTHER, good=LONG)
    assert memory.marks.seen(Mark.SENT, CHANGE) == ONE
    assert memory.marks.seen(Mark.REFLECTED, CHANGE) == OTHER
    assert memory.marks.seen(Mark.SENT, ChangeRef(SHOP, 8)) is None
    memory.marks.keep(Mark.SENT, CHANGE, OTHER, good=LONG)
    assert memory.marks.seen(Mark.SENT, CHANGE) == OTHER


def test_a_mark_goes_when_it_is_no_longer_good(memory: Memory) -> None:
    memory.marks.keep(Mark.SENT, CHANGE, ONE, good=timedelta(milliseconds=50))
    memory.wait(0.1)
    assert memory.marks.seen(Mark.SENT, CHANGE) is None


def test_without_memory_nothing_is_taken_for_known(memory: Memory) -> None:
    memory.take_away()
    try:
        for ask in (
            lambda: memory.deliveries.first(SHOP, "d-1"),
            lambda: memory.keys.claim("shop-agent", "k", ONE),
            lambda: memory.marks.seen(Mark.SENT, CHANGE),
            lambda: memory.marks.keep(Mark.SENT, CHANGE, ONE, good=LONG),
        ):
            with pytest.raises(Fault, match=r"does not answer|away"):
                ask()
        memory.deliveries.forget(SHOP, "d-1")
    finally:
        memory.bring_back()


def test_what_is_no_digest_is_no_mark(client: redis.Redis) -> None:
    marks = RedisMarks(client)
    marks.keep(Mark.SENT, CHANGE, ONE, good=LONG)
    (key,) = client.keys("countersign:bot:*")
    client.set(key, b"\xff approved")
    assert marks.seen(Mark.SENT, CHANGE) is None
