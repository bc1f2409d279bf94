"""Structured files that unfold into too much, or keep a parser at work: not read, and over soon."""

from time import monotonic

import pytest

from countersign.domain.analysers.structured import NotReadError, read

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_what_unfolds_into_too_much_is_not_read() -> None:
    with pytest.raises(NotReadError):
        read("a.yaml", BOMB)


def test_the_worst_is_over_soon() -> None:
    """Not a measurement: a guard against what would never end."""
    started = monotonic()
    for text in (
        BOMB,
        "[" * 5000,
        "- " * 60_000,
        "a:\n" * 40_000,
        "? " * 40_000,
        "!" * 100_000,
        "&a " * 30_000,
        '"\\\n' * 40_000,
        "[a, " * 30_000,
    ):
        try:
            read("a.yaml", text[: 32 * 1024])
        except NotReadError:
            continue
    assert monotonic() - started < 60
