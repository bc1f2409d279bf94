"""The Leases port: what the pipeline and the reaper rely on, asked of the fake and of a real Redis alike."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest
import redis

from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault
from runners.leases import RedisLeases
from runners.ports import Leases
from tests.fakes.leases import FakeLeases
from tests.support.redis import RedisServer, redis_server

RUN = RunId("run-aaaaaaaaaaaaaaaaaaaa")
OTHER = RunId("run-bbbbbbbbbbbbbbbbbbbb")
SECONDS = 0.3


@dataclass(frozen=True)
class Store:
    """A lease store: `runner` gives one more runner's view of it, `take_away` and `bring_back` end and restart it."""

    runner: Callable[[], Leases]
    take_away: Callable[[], None]
    bring_back: Callable[[], None]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url, socket_timeout=1, socket_connect_timeout=1) as connection:
        connection.flushdb()
        yield connection


@pytest.fixture(params=["fake", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        fake = FakeLeases()
        return Store(lambda: fake, lambda: setattr(fake, "away", True), lambda: setattr(fake, "away", False))
    running: RedisServer = request.getfixturevalue("server")
    client: redis.Redis = request.getfixturevalue("client")
    return Store(lambda: RedisLeases(client, seconds=SECONDS), running.pause, running.resume)


def test_a_free_run_is_held_by_whoever_asks_first_and_by_nobody_else(store: Store) -> None:
    first, second = store.runner(), store.runner()
    with first.hold(RUN) as mine:
        assert mine
        with second.hold(RUN) as theirs:
            assert not theirs
        assert second.held(RUN), "asking in vain must not release what somebody else holds"


def test_other_runs_are_not_held(store: Store) -> None:
    with store.runner().hold(RUN), store.runner().hold(OTHER) as mine:
        assert mine


def test_a_run_is_free_again_afterwards(store: Store) -> None:
    with store.runner().hold(RUN):
        pass
    assert not store.runner().held(RUN)
    with store.runner().hold(RUN) as mine:
        assert mine


def test_a_run_is_free_again_after_an_error(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.runner().hold(RUN):
        raise ZeroDivisionError
    assert not store.runner().held(RUN)


def test_ten_at_once_give_one_holder(store: Store) -> None:
    runners = [store.runner() for _ in range(10)]
    start, finish = Barrier(10, timeout=10), Barrier(10, timeout=10)

    def work(leases: Leases) -> bool:
        start.wait()
        with leases.hold(RUN) as mine:
            finish.wait()
            return mine

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(work, runners)) == [False] * 9 + [True]


def test_without_the_store_nobody_is_told_that_he_holds_the_run(store: Store) -> None:
    leases = store.runner()
    store.take_away()
    try:
        with pytest.raises(Fault), leases.hold(RUN):
            pytest.fail("held without a store")
        with pytest.raises(Fault):
            leases.held(RUN)
    finally:
        store.bring_back()


def test_losing_the_store_while_holding_does_not_undo_finished_work(store: Store) -> None:
    leases = store.runner()
    try:
        with leases.hold(RUN) as mine:
            assert mine
            store.take_away()
    finally:
        store.bring_back()


def test_a_lease_outlives_its_first_lifetime_while_the_holder_lives(client: redis.Redis) -> None:
    with RedisLeases(client, seconds=SECONDS).hold(RUN):
        time.sleep(SECONDS * 2.5)
        assert RedisLeases(client, seconds=SECONDS).held(RUN)


def test_the_lease_of_a_dead_holder_ends_by_itself(client: redis.Redis) -> None:
    client.set(f"countersign:lease:{RUN}", "a runner that was killed", px=100)
    leases = RedisLeases(client, seconds=SECONDS)
    with leases.hold(RUN) as mine:
        assert not mine
    time.sleep(0.15)
    with leases.hold(RUN) as mine:
        assert mine


def test_a_lease_that_passed_to_another_is_neither_renewed_nor_released(client: redis.Redis) -> None:
    key = f"countersign:lease:{RUN}"
    with RedisLeases(client, seconds=SECONDS).hold(RUN):
        client.set(key, "somebody else", px=60_000)
        time.sleep(SECONDS)
        left = client.pttl(key)
        assert isinstance(left, int)
        assert left > 50_000, "our renewal must not shorten another's lease"
    assert client.get(key) == b"somebody else"
