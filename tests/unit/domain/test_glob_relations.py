"""What is said of patterns without a path holds for every path."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from countersign.domain.glob_index import GlobIndex
from countersign.domain.glob_relations import includes, meets, nothing, pattern_includes

SEGMENT = st.text("ab.*?", min_size=1, max_size=4).filter(lambda text: "**" not in text and text not in {".", ".."})
PATTERN = st.lists(SEGMENT | st.just("**"), min_size=1, max_size=4).map("/".join)
LIST = st.lists(PATTERN | PATTERN.map("!{}".format), min_size=1, max_size=4).filter(
    lambda patterns: any(not pattern.startswith("!") for pattern in patterns)
)
PATH = st.lists(st.text("abc.", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@given(LIST, LIST, st.lists(PATH, min_size=10, max_size=20))
@example(["a/**"], ["a/*/b", "a/**"], ["a/b/b"])
def test_what_includes_another_means_all_its_paths(outer: list[str], inner: list[str], paths: list[str]) -> None:
    index = GlobIndex([outer, inner])
    if includes(outer, inner):
        assert not [path for path in paths if 1 in index.match(path) and 0 not in index.match(path)]
    if nothing(inner):
        assert not [path for path in paths if 1 in index.match(path)]


@given(PATTERN, PATTERN, st.lists(PATH, min_size=10, max_size=20))
def test_patterns_that_never_meet_share_no_path(left: str, right: str, paths: list[str]) -> None:
    index = GlobIndex([[left], [right]])
    assert meets(left, right) == meets(right, left)
    if not meets(left, right):
        assert not [path for path in paths if index.match(path) == (0, 1)]


@given(PATTERN, PATH)
def test_a_pattern_includes_itself_and_the_paths_that_it_means(pattern: str, path: str) -> None:
    assert pattern_includes(pattern, pattern)
    assert pattern_includes(pattern, path) == meets(pattern, path) == bool(GlobIndex([[pattern]]).match(path))


@pytest.mark.parametrize(
    ("outer", "inner", "said"),
    [
        ("db/**", "db/production/**", True),
        ("db/**", "db/*/shop/*.sql", True),
        ("**", "a", True),
        ("**/*.sh", "deploy/**/*.sh", True),
        ("**/*.sh", "run.sh", True),
        ("*/production/**", "db/production/**", True),
        ("a/**/b/**", "a/b/c", True),
        ("*.md", "**/*.md", False),
        ("db/**", "db", False),
        ("db/*", "db/**", False),
        ("a/**", "a/**/b", True),
        ("a?", "a*", False),
        ("a*", "a?", True),
        ("*", "?*", True),
        ("?*", "*", True),
    ],
)
def test_one_pattern_and_another(outer: str, inner: str, said: bool) -> None:
    assert pattern_includes(outer, inner) is said


def test_what_a_list_takes_out_counts() -> None:
    assert not includes(["deploy/**", "!**/values.yaml"], ["deploy/staging/**"])
    assert includes(["deploy/**", "!**/values.yaml"], ["deploy/staging/**", "!**/values.yaml"])
    assert includes(["deploy/**", "!infra/**"], ["deploy/staging/**"])
    assert nothing(["db/**", "!**"])
    assert not nothing(["db/**", "!db/staging/**"])


def test_long_patterns_end_soon() -> None:
    hard = "/".join(["**", "a*a*a"] * 5) + "/**"
    assert pattern_includes(hard, hard)
    assert not pattern_includes(hard, hard.replace("a*a*a", "a*a*b"))
    stars = "*a" * 16
    assert pattern_includes(stars, stars)
    assert not pattern_includes(stars + "b", stars)
    assert meets(stars, stars + "*")
