"""Unit tests reach no network: whoever connects to anything but this machine is told so."""

import pytest
import structlog
from pytest_socket import socket_allow_hosts


def pytest_runtest_setup() -> None:
    """Close the network for a test of this folder; pytest-socket opens it again after each test."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    """Log as plain lines: the library's own way of showing a traceback in colour takes seconds."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
