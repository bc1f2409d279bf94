"""What the bot asks of a repository beside the Repository port: ancestry, and the time of a commit."""

from datetime import UTC, timedelta

import pytest

from countersign.domain.outcomes import GitFault
from tests.contract.repositories import ABSENT, Pair


def test_a_commit_is_its_own_ancestor_and_its_childs(pair: Pair) -> None:
    first = pair.origin.commit({"a": "1\n"})
    second = pair.origin.commit({"a": "2\n"})
    aside = pair.origin.commit({"a": "3\n"}, branch="aside", parent=first)
    pair.repository.fetch()

    assert pair.repository.is_ancestor(first, first)
    assert pair.repository.is_ancestor(first, second)
    assert not pair.repository.is_ancestor(second, first)
    assert not pair.repository.is_ancestor(aside, second)
    with pytest.raises(GitFault):
        pair.repository.is_ancestor(ABSENT, second)


def test_a_commit_bears_a_time(pair: Pair) -> None:
    first = pair.origin.commit({"a": "1\n"})
    second = pair.origin.commit({"a": "2\n"})
    pair.repository.fetch()

    assert pair.repository.committed(first).tzinfo is UTC
    assert pair.repository.committed(second) - pair.repository.committed(first) == timedelta(minutes=1)
    with pytest.raises(GitFault):
        pair.repository.committed(ABSENT)
