"""The way out of a container: to a real PostgreSQL and a real HTTP server, by their own names, and nowhere else (attack 39)."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from countersign.domain.credential import Credential
from countersign.domain.run import Connection, Endpoint
from runners import clock
from runners.sandbox.container import ContainerSandbox
from tests.integration.sandbox.specs import make_spec
from tests.support.postgres import PostgresServer, postgres_server

DATABASE = Endpoint("db.production.shop.example", 5432)
PAGE = Endpoint("page.shop.example", 80)
AWAY = Endpoint("db.away.example", 5432)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.headers['Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture(scope="module")
def page() -> Iterator[tuple[str, int]]:
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield "127.0.0.1", listening.server_port
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture(scope="module")
def sandbox(
    engine_socket: Path, server: PostgresServer, page: tuple[str, int], tmp_path_factory: pytest.TempPathFactory
) -> ContainerSandbox:
    resolve = {DATABASE.host: (server.host, server.port), PAGE.host: page, AWAY.host: ("127.0.0.1", 1)}
    state = tmp_path_factory.mktemp("sandbox")
    return ContainerSandbox(socket=str(engine_socket), resolve=resolve, state_dir=state, clock=clock.now)


@pytest.fixture
def login(server: PostgresServer) -> Credential:
    return Credential(
        {"PGPASSWORD": server.password, "PGUSER": "postgres", "PGDATABASE": "postgres"}, public=["PGUSER", "PGDATABASE"]
    )


def test_psql_reaches_the_database_by_its_own_name(sandbox: ContainerSandbox, image: str, login: Credential) -> None:
    argv = ["psql", "-h", DATABASE.host, "-p", "5432", "-Atc", "select repeat('x', 1000000)"]
    result = sandbox.run(make_spec(image, argv, allow=[DATABASE]), login)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "bytes left out" in result.stdout
    (connection,) = result.connections
    assert (connection.endpoint, connection.allowed) == (DATABASE, True)
    assert connection.received > 1_000_000
    assert connection.sent > 50


def test_the_same_database_is_out_of_reach_where_it_is_not_listed(sandbox: ContainerSandbox, image: str, login: Credential) -> None:
    argv = ["psql", "-h", DATABASE.host, "-p", "5432", "-Atc", "select 1"]
    for allow in ((), (PAGE,), (Endpoint(DATABASE.host, 5433),)):
        result = sandbox.run(make_spec(image, argv, allow=allow), login)
        assert not result.ok
        assert result.connections == ()


def test_http_clients_get_through_by_the_proxy_and_by_name(sandbox: ContainerSandbox, image: str) -> None:
    script = (
        "import urllib.request as u\n"
        "print(u.urlopen('http://page.shop.example/by/proxy').read().decode())\n"
        "print(u.build_opener(u.ProxyHandler({})).open('http://page.shop.example/by/name').read().decode())\n"
    )
    result = sandbox.run(make_spec(image, ["python3", "-c", script], allow=[PAGE]), None)
    assert result.stdout == "page.shop.example:80 /by/proxy\npage.shop.example /by/name\n".replace(":80", "")
    assert [(one.endpoint, one.allowed) for one in result.connections] == [(PAGE, True), (PAGE, True)]


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1/", "http://evil.example/", "http://page.shop.example:81/"]
)
def test_other_places_are_refused_and_noted(sandbox: ContainerSandbox, image: str, url: str) -> None:
    script = f"import os, urllib.request as u\nos.environ.pop('NO_PROXY', 0); os.environ.pop('no_proxy', 0)\nu.urlopen({url!r})"
    result = sandbox.run(make_spec(image, ["python3", "-c", script], allow=[PAGE]), None)
    assert "HTTP Error 403" in result.stderr
    assert [one.allowed for one in result.connections] == [False]


def test_many_connections_do_not_use_up_the_runs_processes(sandbox: ContainerSandbox, image: str) -> None:
    script = (
        "import socket\n"
        "kept = [socket.create_connection(('page.shop.example', 80)) for _ in range(60)]\n"
        "[one.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n') for one in kept]\n"
        "print(sum(one.recv(15) == b'HTTP/1.0 200 OK' for one in kept))\n"
    )
    result = sandbox.run(make_spec(image, ["python3", "-c", script], allow=[PAGE], pids=16), None)
    assert (result.stdout, result.stderr) == ("60\n", "")
    assert len(result.connections) == 60


def test_a_server_that_is_away_is_told_apart_from_a_refusal(sandbox: ContainerSandbox, image: str) -> None:
    result = sandbox.run(make_spec(image, ["psql", "-h", AWAY.host, "-c", "select 1"], allow=[AWAY]), None)
    assert not result.ok
    assert result.connections == (Connection(AWAY, allowed=True),)
