"""A value that does not fit is told in a sentence, wherever the policy takes a pattern."""

from collections.abc import Iterator

import pytest

from countersign.domain.policy import Document
from countersign.domain.policy_forms import SAID
from countersign.domain.policy_yaml import PolicyError, load_policy
from tests.builders import SHOP_POLICY


def patterns(part: object) -> Iterator[str]:
    """Every pattern that a value of the policy is held against."""
    if isinstance(part, dict):
        found = part.get("pattern")
        if isinstance(found, str):
            yield found
        for inner in part.values():
            yield from patterns(inner)
    elif isinstance(part, (list, tuple)):
        for inner in part:
            yield from patterns(inner)


def test_every_pattern_has_its_sentence() -> None:
    assert set(patterns(Document.__pydantic_core_schema__)) == set(SAID)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("teams: {web:", "teams: {Web Team: [acme/x], web:", "teams.Web Team: a name has small letters"),
        ("web: [acme/web]", "web: [acme web]", "teams.web.0: a group is written by its full path on the forge"),
        ("account: shop-agent", "account: '@shop-agent'", "agents.shop-agent.account: an account is written as the forge does"),
        ('server: "db.shop.example:5432"', 'server: "db.shop.example"', "credentials.database.server: a server is a host name"),
    ],
)
def test_what_does_not_fit_is_told_in_words(old: str, new: str, says: str) -> None:
    assert old in SHOP_POLICY
    with pytest.raises(PolicyError) as raised:
        load_policy(SHOP_POLICY.replace(old, new).encode())
    assert says in str(raised.value)
    assert "pattern" not in str(raised.value)
