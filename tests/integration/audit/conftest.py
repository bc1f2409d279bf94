"""One history for all of these tests; each has the command line at hand."""

import pytest

from tests.support.auditor import Auditor
from tests.support.shelf import Shell, shelf


@pytest.fixture(scope="session")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    return shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def run(auditor: Auditor, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(auditor, capsys)
