import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.branches import is_branch_name
from countersign.domain.commit_people import people_of, trailers_of
from countersign.domain.ids import MalformedError, Sha

NAME = Sha("c" * 40)


def commit(message: str, author: str = "A <a@example.com> 1 +0000", committer: str = "C <c@example.com> 1 +0000") -> bytes:
    return f"tree {'1' * 40}\nparent {'2' * 40}\nauthor {author}\ncommitter {committer}\n\n{message}".encode()


@pytest.mark.parametrize(
    ("message", "trailers"),
    [
        ("Subject\n\nCountersign-Agent: x\nReviewed-by: y\n", (("Countersign-Agent", "x"), ("Reviewed-by", "y"))),
        ("Subject\n\nText.\n\nA: 1\n", (("A", "1"),)),
        ("Subject\n\nText.\n\nA: 1\n  more\n", (("A", "1 more"),)),
        ("Subject\r\n\r\nA: 1\r\n", (("A", "1"),)),
        ("Subject\n\nA: 1\n\n\n", (("A", "1"),)),
        ("Subject\n\nA:\n", (("A", ""),)),
        ("A: 1\n", ()),
        ("Subject\n\nA: 1\nText of the same paragraph\n", ()),
        ("Subject\n\nA: 1\n\nText after\n", ()),
        ("Subject\n\n  indented: 1\n", ()),
        ("Subject\n\nnot a token: 1\n", ()),
        ("", ()),
    ],
)
def test_trailers_are_the_last_paragraph_or_nothing(message: str, trailers: tuple[tuple[str, str], ...]) -> None:
    assert trailers_of(message) == trailers


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("Co-authored-by: Eve <eve@example.com>", "eve@example.com"),
        ("  CO-AUTHORED-BY : <eve@example.com>  ", "eve@example.com"),
        ("Co-authored-by: eve@example.com", "eve@example.com"),
        ("Co-authored-by: Claude", "Claude"),
        ("Co-authored-by: a <b> <eve@example.com>", "eve@example.com"),
    ],
)
@pytest.mark.parametrize("frame", ["{}", "Subject\n\n{}\n", "Subject\n\n{}\n\nText.\n", "Subject\r\n\r\nText\r\n{}\r\nmore"])
def test_a_co_author_counts_wherever_named(line: str, address: str, frame: str) -> None:
    assert people_of(NAME, commit(frame.format(line))).emails == ("a@example.com", "c@example.com", address)


def test_the_message_and_signatures_name_no_authors() -> None:
    raw = commit("author M <m@example.com> 1 +0000\n").replace(b"\n\n", b"\ngpgsig x\n author S <s@example.com> 1 +0000\n\n", 1)

    assert people_of(NAME, raw).emails == ("a@example.com", "c@example.com")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        commit("x").replace(b"author", b"writer"),
        commit("x").replace(b"committer C", b"author C"),
        commit("x", author="A <a@example.com>"),
        commit("x", author="A a@example.com 1 +0000"),
        commit("x", author="A <a@example.com> 1 +0000\nauthor B <b@example.com> 1 +0000"),
        commit("x\0y"),
    ],
)
def test_who_cannot_be_told_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        people_of(NAME, raw)


def test_addresses_keep_their_form_and_empty_ones_are_told() -> None:
    told = people_of(NAME, commit("x", author=" <> 1 +0000", committer="<C@Example.COM> 1 +0000"))

    assert told.emails == ("", "C@Example.COM")


@given(st.text())
def test_no_message_makes_it_fall_over(message: str) -> None:
    for name, value in trailers_of(message):
        assert name in message
        assert "\n" not in name + value


@pytest.mark.parametrize("name", ["main", "countersign/audit", "proposals/agent/0a1b", "ü", "a.b", "a-b", "@a", "heads/HEAD"])
def test_branch_names(name: str) -> None:
    assert is_branch_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "-a", "a b", "a..b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "/a", "a/", "a//b", "a~b", "a^", "a:b", "a?", "a*", "a[",
     "a\\b", "@", "HEAD", "a@{1}", "a\nb", "a\x7f", "x" * 201],
)  # fmt: skip
def test_no_branch_names(name: str) -> None:
    assert not is_branch_name(name)
