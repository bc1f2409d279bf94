"""One installation for all acceptance tests: real parts, each in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.ledger import AuditBranch
from tests.stage.stage import Stage, stage


@pytest.fixture(scope="session")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A running installation with both runners."""
    with stage(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture
def branch(playing: Stage, tmp_path: Path) -> AuditBranch:
    """The audit branch, as an auditor sees it: a fresh clone at each look."""
    return AuditBranch(playing, tmp_path)
