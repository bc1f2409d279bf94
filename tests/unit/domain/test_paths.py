import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.ids import MalformedError
from countersign.domain.paths import all_plain, check_path


@pytest.mark.parametrize(
    "path", ["a", "deploy/production/values.yaml", ".countersign/policy.yaml", "a b/ü.sql", "x" * 255, "a/-b", "..a", "表"]
)
def test_ordinary_paths_pass(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "1 to"), ("/etc/passwd", "absolute"), ("a//b", "empty"), ("a/", "empty"), ("./a", "'.'"), ("a/../b", "'..'"),
        ("..", "'..'"),

        ("a\\b", "backslash"), ("-rf", "dash"), ("~root/x", "~"), ("a/~/b", "~"), ("a\nb", "control"), ("a\tb", "control"),
        ("a\u202eb", "direction"), ("a\u200bb", "invisible"), ("e\u0301", "NFC"), ("x" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        ("a/" * 600 + "a", "1024"), ("a\ud800", "invisible"), ("a\0b", "control"),
    ],
)  # fmt: skip
def test_what_reads_in_two_ways_is_refused(path: str, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        check_path(path)


@given(st.text())
def test_no_text_makes_it_fall_over(path: str) -> None:
    with suppress(MalformedError):
        check_path(path)
        assert not path.startswith("/")
        assert ".." not in path.split("/")


@given(
    st.lists(st.sampled_from(["a", ".", "..", "~", "-", "/", "//", "\\", ".a", "a.b", "é", "e\u0301", "\u202e", " ", "\n"])).map(
        "".join
    )
)
def test_the_short_way_lets_nothing_through_that_the_long_way_refuses(path: str) -> None:
    try:
        check_path(path)
    except MalformedError:
        return
    parts = path.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert not path.startswith("-")
    assert not any(part.startswith("~") for part in parts)
    assert "\\" not in path
    assert all(character.isprintable() for character in path)
    assert unicodedata.is_normalized("NFC", path)


@given(st.lists(st.text(st.sampled_from("ab.-=,/~\\ @\u00e9\n"), max_size=8), max_size=4))
def test_what_is_plain_at_once_is_plain_one_by_one(paths: list[str]) -> None:
    if all_plain(paths):
        for path in paths:
            check_path(path)


def test_plain_is_said_of_nearly_all_paths_and_never_of_none_or_long_ones() -> None:
    assert all_plain(["src/a.py", ".github/workflows/x.yml", "db/V1__a.sql"])
    assert not all_plain([])
    assert not all_plain(["a" * 256])
    assert not all_plain(["a", "b//c"])
