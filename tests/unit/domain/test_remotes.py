"""Which project an address of a remote means."""

import pytest

from countersign.domain.remotes import project_of


@pytest.mark.parametrize(
    ("address", "project"),
    [
        ("git@gitlab.example:acme/web/shop.git", "acme/web/shop"),
        ("https://token@forge.example:8443/acme/shop.git/", "acme/shop"),
        ("ssh://git@forge.example:22/acme/shop", "acme/shop"),
        ("/srv/git/shop.git", ""),
        ("../a:b", ""),
        ("", ""),
    ],
)
def test_the_project_is_the_path(address: str, project: str) -> None:
    assert project_of(address) == project
