"""git's objects as bytes: trees and commits are read in one form alone, and written back as they were."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation import commit as commits
from countersign.attestation.commit import Commit
from countersign.attestation.objects import (
    Overlay,
    TreeEntry,
    added_files,
    format_tree,
    insert,
    object_name,
    parse_tree,
    read_object,
    read_tree,
)
from countersign.domain.ids import MalformedError, Sha
from tests.support.audit import PRINCIPAL, START, signer
from tests.support.chains import MemorySource

BLOB = Sha("1" * 40)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=6)
ENTRIES = st.builds(TreeEntry, st.sampled_from(["100644", "100755", "120000", "40000", "160000"]), st.just(BLOB))
COMMIT = Commit(BLOB, Sha("2" * 40), PRINCIPAL, START.replace(microsecond=0), "Subject\n\nTrailer: x\n", None)
SIGNED = replace(COMMIT, signature=signer().sign(COMMIT.payload))


def test_names_are_gits() -> None:
    assert object_name("blob", b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert object_name("tree", b"") == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    assert object_name("blob", b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


@given(st.dictionaries(NAMES, ENTRIES, max_size=6))
def test_a_tree_comes_back_as_it_was(tree: dict[str, TreeEntry]) -> None:
    data = format_tree(tree)
    assert parse_tree(data) == tree
    assert format_tree(parse_tree(data)) == data


def test_folders_are_sorted_as_if_they_ended_in_a_slash() -> None:
    data = format_tree({"a": TreeEntry("40000", BLOB), "a.b": TreeEntry("100644", BLOB), "a0": TreeEntry("100644", BLOB)})
    assert list(parse_tree(data)) == ["a.b", "a", "a0"]


@pytest.mark.parametrize(
    "data",
    [
        b"100644 b\0" + b"\1" * 20 + b"100644 a\0" + b"\1" * 20,
        b"100644 a\0" + b"\1" * 20 + b"100644 a\0" + b"\1" * 20,
        b"100644 a\0" + b"\1" * 20 + b"100644 a.b\0" + b"\1" * 20 + b"40000 a\0" + b"\1" * 20,
        b"100644 a\0" + b"\1" * 19,
        b"100644 \0" + b"\1" * 20,
        b"0100644 a\0" + b"\1" * 20,
        b"100644 a/b\0" + b"\1" * 20,
        b"100644 \xff\0" + b"\1" * 20,
        b"100644 a\0" + b"\1" * 20 + b"x",
    ],
)
def test_a_tree_that_git_would_not_write_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_tree(data)


def test_an_object_is_what_its_name_says_or_it_is_not_there() -> None:
    source = MemorySource({BLOB: ("blob", b"x")})
    for name, kind in ((BLOB, "blob"), (Sha("3" * 40), "blob")):
        with pytest.raises(MalformedError):
            read_object(source, name, "blob")
        assert kind == "blob"
    right = object_name("blob", b"x")
    source.objects[right] = ("blob", b"x")
    assert read_object(source, right, "blob") == b"x"
    for place in (source, Overlay({right: ("blob", b"x")}, MemorySource())):
        with pytest.raises(MalformedError):
            read_object(place, right, "commit")


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join), unique=True, max_size=5))
def test_what_is_put_in_is_what_was_added(paths: list[str]) -> None:
    source, files = MemorySource(), [(path, path.encode()) for path in paths]
    try:
        root, objects = insert(source, {}, files)
    except MalformedError:
        assert any(one != other and f"{other}/".startswith(f"{one}/") for one in paths for other in paths)
        return
    source.objects.update(objects)
    added = added_files(source, {}, read_tree(source, root))
    assert {path: read_object(source, entry.object, "blob") for path, entry in added.items()} == dict(files)


@pytest.mark.parametrize("folder", ["", "a/b/"])
def test_more_files_than_the_limit_are_not_all_listed(folder: str) -> None:
    source = MemorySource()
    root, objects = insert(source, {}, [(f"{folder}{number}", b"x") for number in range(9)])
    source.objects.update(objects)
    assert len(added_files(source, {}, read_tree(source, root), limit=9)) == 9
    with pytest.raises(MalformedError, match="more than 8 files were added at once"):
        added_files(source, {}, read_tree(source, root))


def test_a_commit_comes_back_as_it_was() -> None:
    for commit in (COMMIT, SIGNED, replace(SIGNED, parent=None)):
        assert commits.parse(commit.raw) == commit
    assert commits.parse(SIGNED.raw).payload == COMMIT.raw


@given(st.integers(0, len(SIGNED.raw) - 1), st.binary(max_size=2), st.integers(0, 2))
def test_what_is_read_as_a_commit_is_written_back_to_the_byte(place: int, fresh: bytes, gone: int) -> None:
    raw = SIGNED.raw[:place] + fresh + SIGNED.raw[place + gone :]
    try:
        assert commits.parse(raw).raw == raw
    except MalformedError:
        return


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"+0000", b"+0100"),
        (b"+0000", b"-0000"),
        (b"author Countersign", b"author Somebody"),
        (b"committer Countersign <audit", b"committer Countersign <other"),
        (b"\ncommitter", b"\nencoding latin-1\ncommitter"),
        (b"\ngpgsig", b"\nmergetag x\ngpgsig"),
        (b"\nauthor", b"\nparent " + b"3" * 40 + b"\nauthor"),
        (b"<audit", b"<<audit"),
        (b"Subject", b"\xff"),
        (b"\ngpgsig ", b"\ngpgsig-sha256 "),
        (b"> 17", b"> 017"),
        (b"> 17", b"> 99999999917"),
    ],
)
def test_a_commit_of_another_form_is_refused(old: bytes, new: bytes) -> None:
    assert old in SIGNED.raw
    with pytest.raises(MalformedError):
        commits.parse(SIGNED.raw.replace(old, new))
