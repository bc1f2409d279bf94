"""Property tests draw the same cases at every run, so that a build says something about the change and not about luck.

`make fuzz` draws new ones.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("steady", max_examples=20, derandomize=True, database=None, deadline=None)
settings.register_profile("fuzz", max_examples=2000, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let commands keep their indexes beside the tests, not in the cache of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
