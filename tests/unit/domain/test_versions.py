from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.ids import Sha
from countersign.domain.versions import Version, head_at, ordered, taken_in, telling

START = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
A, B, C = (Sha(letter * 40) for letter in "abc")


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def versions(*heads: tuple[Sha, int]) -> tuple[Version, ...]:
    return tuple(Version(number, head, at(seconds)) for number, (head, seconds) in enumerate(heads, start=1))


HISTORIES = st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(0, 6)), max_size=6).map(
    lambda heads: versions(*sorted(heads, key=lambda head: head[1]))
)


@given(HISTORIES, st.integers(-1, 7))
def test_a_head_is_proved_only_where_every_reading_agrees(history: tuple[Version, ...], seconds: int) -> None:
    """An approval in the instant of a push came before or after it: a head counts only if both give the same."""
    before = [version.head for version in history if version.created < at(seconds)]
    during = {version.head for version in history if version.created == at(seconds)}

    found = head_at(history, at(seconds))

    assert found == (before[-1] if before and during <= {before[-1]} else None)


@given(HISTORIES, st.integers(-1, 7), st.sampled_from([A, B, C]))
def test_a_later_push_never_changes_what_was_approved(history: tuple[Version, ...], seconds: int, head: Sha) -> None:
    later = (*history, Version(len(history) + 1, head, at(8)))

    assert head_at(later, at(seconds)) == head_at(history, at(seconds))


@given(HISTORIES, st.lists(st.integers(-1, 7), max_size=3))
def test_few_versions_tell_the_same_heads_as_all(history: tuple[Version, ...], seconds: list[int]) -> None:
    told = telling(history, [at(moment) for moment in seconds])

    assert set(told) <= set(history)
    assert [head_at(told, at(moment)) for moment in seconds] == [head_at(history, at(moment)) for moment in seconds]


def test_of_many_versions_those_around_an_approval_are_told() -> None:
    history = versions(*((head, number) for number, head in enumerate([A, B, C] * 100)))

    assert [(version.head, version.created) for version in telling(history, [at(30) + timedelta(milliseconds=500)])] == [
        (A, at(30)),
        (B, at(31)),
    ]


@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_in_which_a_forge_lists_them_does_not_matter(history: tuple[Version, ...], random: Random) -> None:
    mixed = list(history)
    random.shuffle(mixed)

    assert ordered(mixed) == history
    assert taken_in(mixed) == taken_in(history)


def test_the_newest_state_counts_whatever_made_it() -> None:
    found = taken_in(versions((A, 0), (B, 1), (A, 2), (A, 3)))

    assert found is not None
    assert (found.head, found.created) == (A, at(3))
    assert taken_in(()) is None


@pytest.mark.parametrize(
    "history",
    [
        (Version(1, A, at(1)), Version(1, B, at(2))),
        (Version(1, A, at(2)), Version(2, B, at(1))),
    ],
)
def test_no_order_no_binding(history: tuple[Version, ...]) -> None:
    with pytest.raises(ValueError, match="one order"):
        head_at(history, at(5))
