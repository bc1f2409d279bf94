from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.forge_stages import MemoryStage, Stage
from tests.contract.gitlab_stage import GitLabStage
from tests.contract.repositories import MAKERS, Pair
from tests.fakes.localforge import local_forge
from tests.support import gitlab_openapi
from tests.support.recording_proxy import recorded


@pytest.fixture(params=sorted(MAKERS))
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    return MAKERS[request.param](tmp_path)


@pytest.fixture(params=["memory", "gitlab"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Give a forge; what the GitLab adapter sent is held against GitLab's description where that is at hand."""
    if request.param == "memory":
        yield MemoryStage()
        return
    with local_forge(tmp_path / "forge") as forge, recorded(forge.url) as record:
        yield GitLabStage(url=forge.url, admin_token=forge.admin_token, seen_through=record.url)
    if gitlab_openapi.PLACE.is_file():
        assert gitlab_openapi.description().problems(record.asked) == []
