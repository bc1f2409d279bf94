"""What every Repository says of a change's files and people: values are compared, not shapes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.domain.facts import FileChange, FileStatus, Kind
from countersign.domain.ids import Sha
from tests.contract.repositories import Pair, in_memory, with_git
from tests.fakes.git_objects import EXECUTABLE, SUBMODULE, SYMLINK, File, object_name


def compare(pair: Pair, base: Sha, head: Sha) -> tuple[FileChange, ...]:
    tree = pair.repository.merged_tree(base, head)
    assert tree is not None
    return pair.repository.changes(base, tree)


def test_kinds_statuses_and_lines(pair: Pair) -> None:
    base = pair.origin.commit(
        {
            "deleted": "1\n2\n", "changed": "1\n2\n3\n", "mode": "1\n", "linked": "1\n2\n", "no-newline": "1\n2",
            "unchanged": "1\n", "bin": b"\0" * 33, "script": File(b"1\n", EXECUTABLE), "blob-mode": b"\0",
        },
    )  # fmt: skip
    head = pair.origin.commit(
        {
            "deleted": None, "changed": "1\ntwo\n3\n4\n", "mode": File(b"1\n", EXECUTABLE), "linked": File(b"x", SYMLINK),
            "no-newline": "1\n2\n", "added": "1\n2", "empty": b"", "bin": b"\0", "sub": File(b"2" * 40, SUBMODULE),
            "script": None, "blob-mode": File(b"\0", EXECUTABLE), "hid": b"DROP TABLE\0;\n" * 32,
        },
        branch="topic",
        parent=base,
    )  # fmt: skip
    pair.repository.fetch()

    found = {change.path: change for change in compare(pair, base, head)}

    assert {path: (change.status.value, change.added, change.removed) for path, change in found.items()} == {
        "added": ("added", 2, 0), "bin": ("modified", 1, 2), "blob-mode": ("modified", 0, 0), "changed": ("modified", 2, 1),
        "deleted": ("deleted", 0, 2), "empty": ("added", 0, 0), "hid": ("added", 13, 0), "linked": ("modified", 1, 2),
        "mode": ("modified", 0, 0), "no-newline": ("modified", 1, 1), "script": ("deleted", 0, 1), "sub": ("added", 1, 0),
    }  # fmt: skip
    assert {path: set(change.kinds) for path, change in found.items() if change.kinds} == {
        "bin": {Kind.BINARY},
        "blob-mode": {Kind.BINARY, Kind.EXECUTABLE, Kind.MODE_CHANGE},
        "hid": {Kind.BINARY},
        "linked": {Kind.SYMLINK, Kind.MODE_CHANGE},
        "mode": {Kind.EXECUTABLE, Kind.MODE_CHANGE},
        "script": {Kind.EXECUTABLE},
        "sub": {Kind.SUBMODULE},
    }
    assert found["changed"] == FileChange(
        path="changed",
        status=FileStatus.MODIFIED,
        old_blob=object_name("blob", b"1\n2\n3\n"),
        new_blob=object_name("blob", b"1\ntwo\n3\n4\n"),
        added=2,
        removed=1,
    )
    assert (found["deleted"].new_blob, found["added"].old_blob) == (None, None)


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", " a\n", "\r\n", "x"]), max_size=12).map(
    lambda lines: "".join(lines).encode()
)
FILES = st.dictionaries(
    st.sampled_from(["a", "b", "dir/a", "dir/b", "dir.x", "é/ü", "-x", "a b", 'q"q', "tab\tx", ":(top)a"]),
    st.builds(File, LINES, st.sampled_from(["100644", EXECUTABLE, SYMLINK])) | st.builds(File, st.binary(max_size=80)),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(old=FILES, new=FILES)
def test_memory_and_git_say_the_same(old: dict[str, File], new: dict[str, File], tmp_path_factory: pytest.TempPathFactory) -> None:
    gone: dict[str, File | bytes | str | None] = dict.fromkeys(old.keys() - new.keys())
    answers = []
    for make in (in_memory, with_git):
        pair = make(tmp_path_factory.mktemp("pair"))
        base = pair.origin.commit({**old})
        head = pair.origin.commit({**gone, **new}, branch="topic", parent=base)
        pair.repository.fetch()
        answers.append((base, head, compare(pair, base, head), pair.repository.people(base, head)))

    assert answers[0] == answers[1]


def test_everybody_named_in_the_change_is_told(pair: Pair) -> None:
    base = pair.origin.commit({"a": "1\n"}, author="old@example.com")
    first = pair.origin.commit(
        {"a": "2\n"},
        branch="topic",
        parent=base,
        author="agent@example.com",
        committer="Dana.Ops@Example.com",
        message="Change a\n\nCo-authored-by: in the text <text@example.com>\nis not all.",
        trailers=(("Countersign-Agent", "shop-agent"), ("Co-authored-by", "Eve <eve@example.com>"), ("co-authored-by", "nobody")),
    )
    other = pair.origin.commit({"b": "1\n"}, branch="other", parent=base, author="")
    merged = pair.origin.commit({"b": "1\n"}, branch="topic", second_parent=other, author="merger@example.com")
    pair.repository.fetch()

    told = {people.commit: people for people in pair.repository.people(base, merged)}

    assert set(told) == {first, other, merged}
    assert told[first].emails == ("agent@example.com", "Dana.Ops@Example.com", "text@example.com", "eve@example.com", "nobody")
    assert told[first].trailers == (
        ("Countersign-Agent", "shop-agent"),
        ("Co-authored-by", "Eve <eve@example.com>"),
        ("co-authored-by", "nobody"),
    )
    assert told[other].emails == ("",)
    assert told[merged].emails == ("merger@example.com",)
