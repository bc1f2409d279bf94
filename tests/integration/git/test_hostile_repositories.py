"""What a change may bring along to be shown, merged or attributed otherwise than it is (attacks 16, 23, 26, 36)."""

from pathlib import Path

import pytest

from countersign.adapters.git import GitRepository
from countersign.domain.facts import FileChange, Kind
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault
from tests.fakes.git_objects import File
from tests.support.git_origin import GitOrigin


@pytest.fixture
def origin(tmp_path: Path) -> GitOrigin:
    return GitOrigin(tmp_path / "origin.git")


@pytest.fixture
def repository(origin: GitOrigin, tmp_path: Path) -> GitRepository:
    return GitRepository(url=origin.url, directory=tmp_path / "copy")


def compared(repository: GitRepository, base: Sha, head: Sha) -> dict[str, FileChange]:
    repository.fetch()
    tree = repository.merged_tree(base, head)
    assert tree is not None
    return {change.path: change for change in repository.changes(base, tree)}


ATTRIBUTES = (
    "* binary", "* -diff", "* -text", "*.sql diff=none", "*.sql filter=lfs diff=lfs merge=lfs -text", "* linguist-generated",
    "* working-tree-encoding=UTF-16", "[attr]hidden -diff\n* hidden",
)  # fmt: skip


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_attributes_of_the_change_hide_no_line(origin: GitOrigin, repository: GitRepository, attributes: str) -> None:
    base = origin.commit({"shop.sql": "select 1;\n"})
    head = origin.commit(
        {".gitattributes": attributes + "\n", "shop.sql": "drop table a;\ndrop table b;\n"}, branch="topic", parent=base
    )

    change = compared(repository, base, head)["shop.sql"]

    assert (change.added, change.removed, change.kinds) == (2, 1, frozenset())


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_attributes_of_the_protected_branch_hide_no_line_either(
    origin: GitOrigin, repository: GitRepository, attributes: str
) -> None:
    base = origin.commit({".gitattributes": attributes + "\n", "shop.sql": "select 1;\n"})
    head = origin.commit({"shop.sql": "drop table a;\n"}, branch="topic", parent=base)

    change = compared(repository, base, head)["shop.sql"]

    assert (change.added, change.removed, change.kinds) == (1, 1, frozenset())


@pytest.mark.parametrize("driver", ["union", "ours", "binary", "theirs"])
def test_a_merge_driver_named_by_the_change_resolves_no_conflict(origin: GitOrigin, repository: GitRepository, driver: str) -> None:
    base = origin.commit({"a": "1\n"})
    head = origin.commit({"a": "2\n", ".gitattributes": f"* merge={driver}\n"}, branch="topic", parent=base)
    tip = origin.commit({"a": "3\n"})
    repository.fetch()

    assert repository.merged_tree(tip, head) is None


def test_lines_from_both_sides_are_merged_as_git_does(origin: GitOrigin, repository: GitRepository) -> None:
    base = origin.commit({"a": "1\n2\n3\n4\n5\n"})
    head = origin.commit({"a": "one\n2\n3\n4\n5\n"}, branch="topic", parent=base)
    tip = origin.commit({"a": "1\n2\n3\n4\nfive\n"})

    change = compared(repository, tip, head)["a"]

    assert (change.added, change.removed) == (1, 1)
    assert change.new_blob == File(b"one\n2\n3\n4\nfive\n").name


def test_what_a_merge_commit_smuggles_in_is_a_change(origin: GitOrigin, repository: GitRepository) -> None:
    base = origin.commit({"a": "1\n"})
    head = origin.commit({"b": "1\n"}, branch="topic", parent=base)
    tip = origin.commit({"a": "2\n"})
    evil = origin.commit({"a": "2\n", "policy": "none\n"}, branch="topic", parent=head, second_parent=tip)

    assert set(compared(repository, tip, evil)) == {"b", "policy"}


def test_a_nul_byte_makes_a_file_binary_and_not_small(origin: GitOrigin, repository: GitRepository) -> None:
    base = origin.commit({"shop.sql": "select 1;\n"})
    head = origin.commit({"shop.sql": b"drop table users;\n" * 64 + b"\0"}, branch="topic", parent=base)

    change = compared(repository, base, head)["shop.sql"]

    assert change.kinds == {Kind.BINARY}
    assert change.added == 37


def raw_tree(origin: GitOrigin, *entries: tuple[str, bytes, str]) -> str:
    body = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(blob) for mode, name, blob in entries)
    return origin.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=body).decode().strip()


def raw_commit(origin: GitOrigin, tree: str, parent: str, *, message: bytes = b"x\n", author: bytes = b"D <d@e> 1 +0000") -> Sha:
    body = b"tree %s\nparent %s\nauthor %s\ncommitter D <d@e> 1 +0000\n\n" % (tree.encode(), parent.encode(), author) + message
    commit = Sha(origin.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=body).decode().strip())
    origin.point("topic", commit)
    return commit


def test_a_path_that_is_not_utf8_is_a_fault_that_names_it(origin: GitOrigin, repository: GitRepository) -> None:
    base = origin.commit({"a": "1\n"})
    tree = raw_tree(origin, ("100644", b"a", File(b"1\n").name), ("100644", b"caf\xe9", File(b"1\n").name))
    head = raw_commit(origin, tree, base)
    repository.fetch()

    merged = repository.merged_tree(base, head)
    assert merged is not None
    with pytest.raises(GitFault, match=r"not UTF-8: b'caf\\xe9'"):
        repository.changes(base, merged)


@pytest.mark.parametrize("name", [b".git", b".GIT", b"..", b"a/b", b"", b"git~1"])
def test_a_tree_with_a_dangerous_name_is_not_let_in(origin: GitOrigin, repository: GitRepository, name: bytes) -> None:
    base = origin.commit({"a": "1\n"})
    raw_commit(origin, raw_tree(origin, ("100644", name, File(b"1\n").name), ("100644", b"x", File(b"1\n").name)), base)

    with pytest.raises(GitFault):
        repository.fetch()


def test_a_tree_that_names_a_path_twice_is_not_let_in(origin: GitOrigin, repository: GitRepository) -> None:
    base = origin.commit({"a": "1\n", "b": "2\n"})
    tree = raw_tree(origin, ("100644", b"a", File(b"1\n").name), ("100644", b"a", File(b"2\n").name))
    raw_commit(origin, tree, base)

    with pytest.raises(GitFault):
        repository.fetch()


@pytest.mark.parametrize("author", [b"D d@e 1 +0000", b"D <d@e> 1 +0000\nauthor E <e@e> 1 +0000", b"D <d@e <x@y> 1 +0000"])
def test_a_commit_without_exactly_one_author_is_not_let_in(origin: GitOrigin, repository: GitRepository, author: bytes) -> None:
    base = origin.commit({"a": "1\n"})
    raw_commit(origin, raw_tree(origin, ("100644", b"a", File(b"1\n").name)), base, author=author)

    with pytest.raises(GitFault):
        repository.fetch()


def test_a_nul_in_a_message_is_not_let_in(origin: GitOrigin, repository: GitRepository) -> None:
    base = origin.commit({"a": "1\n"})
    tree = raw_tree(origin, ("100644", b"a", File(b"1\n").name))
    raw_commit(origin, tree, base, message=b"x\n\0\n\nCo-authored-by: E <e@e>\n")

    with pytest.raises(GitFault, match="NUL"):
        repository.fetch()


def test_a_symlink_in_the_way_is_not_followed(origin: GitOrigin, repository: GitRepository) -> None:
    commit = origin.commit({"real/a": "1\n", "link": File(b"real", "120000")})
    repository.fetch()

    assert repository.read(commit, "link/a", limit=9) is None


def test_a_replaced_object_is_not_believed(origin: GitOrigin, repository: GitRepository) -> None:
    commit = origin.commit({"a": "1\n"})
    other = origin.commit({"a": "2\n"}, branch="other")
    repository.fetch()
    repository.mirror.run(["update-ref", f"refs/replace/{commit}", other])

    assert repository.read(commit, "a", limit=9) == b"1\n"
