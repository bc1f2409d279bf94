"""A real rootless engine, the tools image, and a sandbox on them."""

from pathlib import Path

import pytest

from runners import clock
from runners.sandbox.container import ContainerSandbox
from tests.support.podman import sandbox_host, tools_image


@pytest.fixture(scope="session")
def engine_socket() -> Path:
    return sandbox_host()


@pytest.fixture(scope="session")
def image() -> str:
    return tools_image()


@pytest.fixture(scope="session")
def sandbox(engine_socket: Path, tmp_path_factory: pytest.TempPathFactory) -> ContainerSandbox:
    return ContainerSandbox(socket=str(engine_socket), resolve={}, state_dir=tmp_path_factory.mktemp("sandbox"), clock=clock.now)
