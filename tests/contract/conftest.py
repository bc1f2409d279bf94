from pathlib import Path

import pytest

from tests.contract.forge_stages import MemoryStage, Stage
from tests.contract.repositories import MAKERS, Pair


@pytest.fixture(params=sorted(MAKERS))
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    return MAKERS[request.param](tmp_path)


@pytest.fixture(params=["memory"])
def stage(request: pytest.FixtureRequest) -> Stage:
    makers = {"memory": MemoryStage}
    return makers[request.param]()
