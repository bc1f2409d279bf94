import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wcmatch import glob

from countersign.domain.glob_index import GlobIndex
from countersign.domain.globs import check_glob
from countersign.domain.ids import MalformedError

NAMES = st.sampled_from(["a", "b", "ab", "aab", ".a", "a.sh", "b.sh", "sh", ".sh", "a.", "values.yaml", "staging", "é", "a b"])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
PARTS = st.sampled_from(
    ["**", "*", "a", "b", "ab", "a*", "*b", "*.sh", "*.", "?", "??", "a?b", "*a*b", "a*?", "?*", "staging", ".a", "*é*"]
)
PATTERNS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)


def reference(pattern: str, path: str) -> bool:
    """What wcmatch says of the same words."""
    return bool(glob.globmatch(path, pattern, flags=glob.GLOBSTAR | glob.DOTGLOB | glob.FORCEUNIX))


@given(PATTERNS, PATHS)
@example("a/**", "a")
@example("**", "a")
@example("a/**/b", "a/b")
@example("a/**/b/**", "a/b")
@example("a/**/**/b", "a/a/a/b")
@example("*.sh", "sh")
@example("*.sh", ".sh")
@example("*.", "a")
def test_one_pattern_means_what_it_means_to_wcmatch(pattern: str, path: str) -> None:
    assert (GlobIndex([[pattern]]).match(path) == (0,)) == reference(pattern, path)


@given(st.lists(st.lists(PATTERNS, min_size=1, max_size=4), min_size=1, max_size=6), st.lists(PATHS, max_size=12))
def test_many_lists_answer_as_each_alone(lists: list[list[str]], paths: list[str]) -> None:
    together = GlobIndex(lists)
    for path in paths:
        alone = tuple(number for number, patterns in enumerate(lists) if any(reference(pattern, path) for pattern in patterns))
        assert together.match(path) == alone
        assert together.match(path) == alone, "asking again changes nothing"


@given(st.lists(PATTERNS, min_size=1, max_size=4), st.lists(PATTERNS, min_size=1, max_size=4), PATHS)
def test_an_exclamation_mark_takes_paths_out_wherever_it_stands(wanted: list[str], unwanted: list[str], path: str) -> None:
    means = any(reference(one, path) for one in wanted) and not any(reference(one, path) for one in unwanted)
    negated = [f"!{one}" for one in unwanted]
    assert (GlobIndex([wanted + negated]).match(path) == (0,)) == means
    assert (GlobIndex([negated + wanted]).match(path) == (0,)) == means


@pytest.mark.parametrize(
    "pattern",
    [
        "", "!", "!!a", "/a", "a/", "a//b", "./a", "a/../b", "a/**b", "**.sh", "a/b**", "{a,b}", "[ab]", "a|b", "(a)", "a\\b",
        "a\nb", "\u202ea", "e\u0301/**", "*" * 17, "a" * 257,
    ],
)  # fmt: skip
def test_what_is_no_plain_glob_is_refused(pattern: str) -> None:
    with pytest.raises(MalformedError):
        check_glob(pattern)
    with pytest.raises(MalformedError):
        GlobIndex([[pattern]])


def test_a_list_needs_something_to_mean() -> None:
    with pytest.raises(MalformedError, match="does not begin with '!'"):
        GlobIndex([["!a"]])


def test_a_dot_is_a_dot_and_case_is_case() -> None:
    index = GlobIndex([["deploy/a.b/**"]])
    assert index.match("deploy/a.b/x") == (0,)
    assert index.match("deploy/axb/x") == ()
    assert index.match("Deploy/a.b/x") == ()


def test_the_reference_is_anchored() -> None:
    assert re.fullmatch(glob.translate("a", flags=glob.GLOBSTAR)[0][0], "xa") is None
