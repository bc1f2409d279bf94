"""Patterns and paths that would cost time or memory without end."""

from time import perf_counter

from countersign.domain.glob_index import GlobIndex


def test_no_pattern_is_slow() -> None:
    """Sixteen stars over the longest names: exponential for a backtracking matcher."""
    index = GlobIndex([["*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"], ["**/*a*/**/*a*/**/*a*/**/b"]])
    begin = perf_counter()
    assert index.match("a" * 255) == ()
    assert index.match("/".join(["a" * 100] * 100)) == ()
    assert perf_counter() - begin < 0.1


def test_the_memory_for_folders_is_bounded() -> None:
    index = GlobIndex([["**/*.sh"]])
    for number in range(20_000):
        assert index.match(f"d{number}/x.sh") == (0,)
    assert len(index._folders) <= 8192  # noqa: SLF001 - the bound is the point
