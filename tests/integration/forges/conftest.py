from collections.abc import Iterator

import pytest

from countersign.adapters.forges.gitlab import GitLabForge
from tests.support.gitlab_script import gitlab
from tests.support.scripted_http import Script


@pytest.fixture
def script() -> Iterator[Script]:
    with gitlab() as script:
        yield script


@pytest.fixture
def forge(script: Script) -> GitLabForge:
    return GitLabForge(url=script.url, token="glpat-secret-secret", timeout=2)
