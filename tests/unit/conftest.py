"""Unit tests reach no network: whoever connects to anything but this machine is told so."""

from collections.abc import Iterator

import pytest
import structlog
from pytest_socket import enable_socket, socket_allow_hosts


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
    yield
    socket_allow_hosts(None)
    enable_socket()


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    """Log as plain lines: the library's own way of showing a traceback in colour takes seconds."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
