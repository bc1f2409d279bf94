"""The egress proxy over its real socket, against real servers on loopback. Containers are in tests/integration/sandbox."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from countersign.domain.outcomes import SandboxFault
from countersign.domain.run import Connection, Endpoint
from runners.network.egress import EgressProxy

GOOD = Endpoint("api.shop.example", 80)
DATABASE = Endpoint("db.shop.example", 5432)
EVIL = Endpoint("evil.example", 443)

Handler = Callable[[socket.socket], None]


@contextmanager
def server(handle: Handler) -> Iterator[tuple[str, int]]:
    """Serve connections one after another on a port of loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                handle(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    host, port = listener.getsockname()[:2]
    try:
        yield host, port
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def echo(connection: socket.socket) -> None:
    """Send back what comes, then say that all is sent."""
    while chunk := connection.recv(65536):
        connection.sendall(chunk)


def read_all(connection: socket.socket) -> bytes:
    found = b""
    while chunk := connection.recv(65536):
        found += chunk
    return found


def ask(proxy: Path, sent: bytes) -> bytes:
    """Send bytes to the proxy, say that all is sent, and give all that comes back."""
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(10)
        client.connect(str(proxy))
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


def connect(endpoint: Endpoint) -> bytes:
    return f"CONNECT {endpoint} HTTP/1.1\r\nHost: {endpoint}\r\n\r\n".encode()


Start = Callable[..., AbstractContextManager[EgressProxy]]


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e") / "s"


@pytest.fixture
def start(path: Path) -> Start:
    def begin(
        *allow: Endpoint, resolve: Mapping[str, tuple[str, int]] | None = None, names: Mapping[str, list[str]] | None = None
    ) -> EgressProxy:
        def lookup(name: str) -> list[str]:
            if name not in (names or {}):
                raise OSError(2, "no such name")
            return (names or {})[name]

        return EgressProxy(path, allow=allow, resolve=resolve, lookup=lookup)

    return begin


def test_a_listed_endpoint_is_reached_through_a_tunnel(start: Start, path: Path) -> None:
    body = bytes(range(256)) * 4096
    with server(echo) as address, start(DATABASE, resolve={DATABASE.host: address}) as proxy:
        answer = ask(path, connect(DATABASE) + body)
    head, _, echoed = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert echoed == body
    assert proxy.connections == (Connection(DATABASE, allowed=True, sent=len(body), received=len(body)),)


def test_a_plain_request_goes_out_in_origin_form_under_the_judged_host(start: Start, path: Path) -> None:
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with server(serve) as address, start(GOOD, resolve={GOOD.host: address}) as proxy:
        answer = ask(path, b"GET http://api.shop.example/v1?q HTTP/1.1\r\nHost: other.example\r\nProxy-Authorization: x\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nok")
    assert seen == [b"GET /v1?q HTTP/1.1\r\nHost: api.shop.example\r\nConnection: close\r\n\r\n"]
    assert proxy.connections[0].sent == len(seen[0])


@pytest.mark.parametrize(
    "endpoint",
    [
        EVIL,
        Endpoint(DATABASE.host, 5433),
        Endpoint("x." + DATABASE.host, 5432),
        Endpoint("127.0.0.1", 5432),
        Endpoint("169.254.169.254", 80),
    ],
    ids=str,
)
def test_what_is_not_listed_is_refused_and_noted(start: Start, path: Path, endpoint: Endpoint) -> None:
    with server(echo) as address, start(DATABASE, resolve={DATABASE.host: address, EVIL.host: address}) as proxy:
        answer = ask(path, connect(endpoint) + b"stolen")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"is not listed for this run, which may reach db.shop.example:5432" in answer
    assert proxy.connections == (Connection(endpoint, allowed=False),)


def test_an_empty_list_lets_nothing_through(start: Start, path: Path) -> None:
    with server(echo) as address, start(resolve={DATABASE.host: address}) as proxy:
        assert b"which may reach nothing" in ask(path, connect(DATABASE))
    assert proxy.connections == (Connection(DATABASE, allowed=False),)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_a_listed_name_that_leads_to_the_host_or_to_metadata_is_refused(start: Start, path: Path, address: str) -> None:
    with start(GOOD, names={GOOD.host: ["93.184.216.34", address]}) as proxy:
        answer = ask(path, connect(GOOD))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"which no run may reach" in answer
    assert proxy.connections == (Connection(GOOD, allowed=False),)


def test_a_listed_address_of_this_host_is_refused_too(start: Start, path: Path) -> None:
    literal = Endpoint("127.0.0.1", 80)
    with start(literal, names={"127.0.0.1": ["127.0.0.1"]}) as proxy:
        assert ask(path, connect(literal)).startswith(b"HTTP/1.1 403 ")
    assert proxy.connections == (Connection(literal, allowed=False),)


def test_a_name_is_resolved_once_for_a_connection(path: Path) -> None:
    """DNS rebinding: a first answer to be judged, a second to be used."""
    answers = iter([["192.0.2.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def lookup(name: str) -> list[str]:
        asked.append(name)
        return next(answers)

    with EgressProxy(path, allow=[GOOD], lookup=lookup) as proxy, closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(str(path))
        client.sendall(connect(GOOD))
        deadline = time.monotonic() + 5
        while not (proxy.connections and proxy.connections[0].allowed) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert asked == [GOOD.host]
    assert proxy.connections[0].allowed


def test_a_name_that_is_not_there_is_told(start: Start, path: Path) -> None:
    with start(GOOD) as proxy:
        assert b"502 Bad Gateway" in ask(path, connect(GOOD))
    assert proxy.connections == (Connection(GOOD, allowed=False),)


def test_a_server_that_is_away_is_told(start: Start, path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = taken.getsockname()[:2]
    with start(GOOD, resolve={GOOD.host: address}) as proxy:
        answer = ask(path, connect(GOOD))
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"is listed, and cannot be reached" in answer
    assert proxy.connections == (Connection(GOOD, allowed=True),)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"CONNECT " + b"a" * 40000 + b":443 HTTP/1.1\r\n\r\n", b"431"),
    ],
    ids=["origin form", "TLS", "a long head"],
)
def test_what_is_no_proxy_request_is_refused(start: Start, path: Path, sent: bytes, status: bytes) -> None:
    with start(GOOD) as proxy:
        assert ask(path, sent).startswith(b"HTTP/1.1 " + status)
    assert proxy.connections == ()


def test_a_client_that_hangs_up_harms_nobody(start: Start, path: Path) -> None:
    with server(echo) as address, start(DATABASE, resolve={DATABASE.host: address}) as proxy:
        for sent in (b"", b"CONN", connect(DATABASE)):
            with closing(socket.socket(socket.AF_UNIX)) as client:
                client.connect(str(path))
                client.sendall(sent)
        assert ask(path, connect(DATABASE) + b"hello").endswith(b"hello")
    assert Connection(DATABASE, allowed=True, sent=5, received=5) in proxy.connections


def test_the_end_of_a_run_ends_its_connections(start: Start, path: Path) -> None:
    released = threading.Event()

    def wait(connection: socket.socket) -> None:
        assert connection.recv(1) == b""
        released.set()

    with server(wait) as address, closing(socket.socket(socket.AF_UNIX)) as client:
        with start(DATABASE, resolve={DATABASE.host: address}):
            client.connect(str(path))
            client.sendall(connect(DATABASE))
            assert client.recv(12) == b"HTTP/1.1 200"
        assert read_all(client).endswith(b"\r\n\r\n")
        assert released.wait(5)
    assert not path.exists()


def test_many_connections_at_once(start: Start, path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(connection.recv(100))

    answers: list[bytes] = []
    with server(serve) as address, start(DATABASE, resolve={DATABASE.host: address}) as proxy:
        clients = [threading.Thread(target=lambda: answers.append(ask(path, connect(DATABASE) + b"hello"))) for _ in range(40)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    assert len([answer for answer in answers if answer.endswith(b"hello")]) == 40
    assert len(proxy.connections) == 40


def test_attempts_come_to_an_end(start: Start, path: Path) -> None:
    with start(GOOD) as proxy:
        answers = [ask(path, connect(EVIL)) for _ in range(1002)]
    assert answers[999].startswith(b"HTTP/1.1 403 ")
    assert all(answer.startswith(b"HTTP/1.1 429 ") for answer in answers[1000:])
    assert len(proxy.connections) == 1000


def test_a_standard_client_speaks_to_it(start: Start, path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        request = connection.recv(65536)
        body = json.dumps({"first": request.split(b"\r\n")[0].decode()}).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with server(serve) as address, start(GOOD, resolve={GOOD.host: address}):
        client = http.client.HTTPConnection("proxy.invalid", timeout=5)
        client.sock = socket.socket(socket.AF_UNIX)
        client.sock.connect(str(path))
        client.request("GET", f"http://{GOOD.host}/things")
        assert json.loads(client.getresponse().read()) == {"first": "GET /things HTTP/1.1"}
        client.close()


def test_a_socket_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    for path in (tmp_path / "missing" / "s", tmp_path / ("x" * 120)):
        with pytest.raises(SandboxFault, match="cannot listen"), EgressProxy(path, allow=[GOOD]):
            pass


def test_the_deployers_addresses_are_literals(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="localhost"):
        EgressProxy(tmp_path / "s", allow=[GOOD], resolve={GOOD.host: ("localhost", 80)})
