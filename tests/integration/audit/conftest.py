"""One history for all of these tests; each has the command line at hand."""

from pathlib import Path

import pytest

from tests.support.auditor import Auditor
from tests.support.packets import sealed
from tests.support.shelf import Shell, shelf


@pytest.fixture(scope="session")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    return shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def run(auditor: Auditor, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(auditor, capsys)


@pytest.fixture(scope="session")
def packet(auditor: Auditor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packet of an applied change, sealed by whoever made it, far from any repository."""
    return sealed(auditor, tmp_path_factory.mktemp("packet"))
