"""What every Repository must do: the one in memory, and git itself over a bare copy."""

import pytest

from countersign.domain.outcomes import AbsentFault, GitFault
from tests.contract.repositories import ABSENT, Pair
from tests.fakes.git_objects import SUBMODULE, SYMLINK, File, object_name, tree_name


def test_a_tip_is_known_after_fetching_and_follows_the_remote(pair: Pair) -> None:
    first = pair.origin.commit({"a": "1\n"})
    pair.repository.fetch()
    second = pair.origin.commit({"a": "2\n"})

    assert pair.repository.tip("main") == first
    pair.repository.fetch()
    assert pair.repository.tip("main") == second
    pair.origin.point("main", first)
    pair.repository.fetch()
    assert pair.repository.tip("main") == first


def test_a_branch_that_is_gone_at_the_remote_is_gone(pair: Pair) -> None:
    pair.origin.commit({"a": "1\n"})
    pair.origin.commit({"a": "2\n"}, branch="topic")
    pair.repository.fetch()
    assert pair.repository.tip("topic") is not None

    pair.origin.delete("topic")
    pair.origin.commit({"a": "3\n"}, branch="topic/deeper")
    pair.repository.fetch()
    assert pair.repository.tip("topic") is None
    assert pair.repository.tip("topic/deeper") is not None


@pytest.mark.parametrize(
    "name", ["none", "", "-x", "main^", "main~0", "a..b", "main@{0}", "refs/heads/main", "*", "main\n", "x.lock"]
)
def test_no_such_branch(pair: Pair, name: str) -> None:
    pair.origin.commit({"a": "1\n"})
    pair.repository.fetch()

    assert pair.repository.tip(name) is None


def test_files_are_read_at_a_commit(pair: Pair) -> None:
    old = pair.origin.commit({"deploy/a.yaml": "one\n", "empty": b""})
    new = pair.origin.commit({"deploy/a.yaml": b"two\x00\n"})
    pair.repository.fetch()

    assert pair.repository.read(old, "deploy/a.yaml", limit=4) == b"one\n"
    assert pair.repository.read(new, "deploy/a.yaml", limit=5) == b"two\x00\n"
    assert pair.repository.read(new, "empty", limit=0) == b""


@pytest.mark.parametrize(
    "path", ["missing", "deploy", "deploy/", "deploy//a.yaml", "./deploy/a.yaml", "*", "deploy/a.yaml/x", ":/deploy/a.yaml"]
)
def test_what_is_no_file_is_none(pair: Pair, path: str) -> None:
    commit = pair.origin.commit({"deploy/a.yaml": "one\n"})
    pair.repository.fetch()

    assert pair.repository.read(commit, path, limit=100) is None


def test_above_the_limit_is_a_fault(pair: Pair) -> None:
    commit = pair.origin.commit({"a": "12345"})
    pair.repository.fetch()

    with pytest.raises(GitFault, match="5 bytes"):
        pair.repository.read(commit, "a", limit=4)
    with pytest.raises(GitFault, match="5 bytes"):
        pair.repository.blob(object_name("blob", b"12345"), limit=4)
    assert pair.repository.blob(object_name("blob", b"12345"), limit=5) == b"12345"


def test_links_and_submodules_are_not_read(pair: Pair) -> None:
    commit = pair.origin.commit({"a": "1\n", "link": File(b"a", SYMLINK), "sub": File(b"2" * 40, SUBMODULE)})
    pair.repository.fetch()

    for path in ("link", "sub"):
        with pytest.raises(GitFault, match="no plain file"):
            pair.repository.read(commit, path, limit=100)
    assert pair.repository.read(commit, "link/x", limit=100) is None


def test_what_was_not_fetched_is_a_fault(pair: Pair) -> None:
    seen = pair.origin.commit({"a": "1\n"})
    pair.repository.fetch()
    unseen = pair.origin.commit({"a": "2\n"})

    for commit in (unseen, ABSENT):
        for question in (
            lambda commit=commit: pair.repository.read(commit, "a", limit=9),
            lambda commit=commit: pair.repository.merged_tree(seen, commit),
            lambda commit=commit: pair.repository.merged_tree(commit, seen),
            lambda commit=commit: pair.repository.people(seen, commit),
            lambda commit=commit: pair.repository.changes(commit, ABSENT),
            lambda: pair.repository.blob(ABSENT, limit=9),
        ):
            with pytest.raises(GitFault):
                question()


def test_a_commit_that_is_not_here_is_told_from_a_git_that_fails(pair: Pair) -> None:
    commit = pair.origin.commit({"a": "12345"})
    pair.repository.fetch()

    with pytest.raises(AbsentFault):
        pair.repository.read(ABSENT, "a", limit=9)
    with pytest.raises(GitFault) as failed:
        pair.repository.read(commit, "a", limit=4)
    assert not isinstance(failed.value, AbsentFault)


def test_many_blobs_come_at_once(pair: Pair) -> None:
    pair.origin.commit({"a": "1\n", "b": File(b"\0\n\xff"), "c": "", "d": "x" * 70_000})
    pair.repository.fetch()
    contents = {object_name("blob", data): data for data in (b"1\n", b"\0\n\xff", b"", b"x" * 70_000)}

    assert pair.repository.sizes(contents.keys()) == {name: len(data) for name, data in contents.items()}
    assert pair.repository.blobs(contents.keys()) == contents
    assert pair.repository.sizes([]) == {}
    assert pair.repository.blobs([]) == {}
    for question in (pair.repository.sizes, pair.repository.blobs):
        with pytest.raises(GitFault):
            question([*contents, ABSENT])


def test_a_merge_holds_both_sides(pair: Pair) -> None:
    base = pair.origin.commit({"a": "1\n", "b": "1\n", "gone": "x\n"})
    head = pair.origin.commit({"a": "2\n", "gone": None, "new/c": "3\n"}, branch="topic", parent=base)
    tip = pair.origin.commit({"b": "2\n"})
    pair.repository.fetch()

    tree = pair.repository.merged_tree(tip, head)

    assert tree == tree_name({"a": File(b"2\n"), "b": File(b"2\n"), "new/c": File(b"3\n")})
    assert [change.path for change in pair.repository.changes(tip, tree)] == ["a", "gone", "new/c"]


def test_a_head_that_is_merged_already_changes_nothing(pair: Pair) -> None:
    base = pair.origin.commit({"a": "1\n"})
    head = pair.origin.commit({"a": "2\n"}, branch="topic", parent=base)
    tip = pair.origin.commit({"a": "2\n"}, parent=base, second_parent=head)
    pair.repository.fetch()

    tree = pair.repository.merged_tree(tip, head)

    assert tree is not None
    assert pair.repository.changes(tip, tree) == ()
    assert pair.repository.people(tip, head) == ()


def test_a_conflict_has_no_tree(pair: Pair) -> None:
    base = pair.origin.commit({"a": "1\n", "gone": "x\n"})
    head = pair.origin.commit({"a": "2\n"}, branch="topic", parent=base)
    deletes = pair.origin.commit({"gone": None}, branch="deletes", parent=base)
    tip = pair.origin.commit({"a": "3\n", "gone": "y\n"})
    pair.repository.fetch()

    assert pair.repository.merged_tree(tip, head) is None
    assert pair.repository.merged_tree(tip, deletes) is None


def test_no_common_history_has_no_tree(pair: Pair) -> None:
    tip = pair.origin.commit({"a": "1\n"})
    other = pair.origin.commit({"a": "1\n", "b": "1\n"}, branch="elsewhere")
    pair.repository.fetch()

    assert pair.repository.merged_tree(tip, other) is None
