"""Diffs that real git writes become commits that real git agrees with."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.adapters.git import GitRepository
from countersign.adapters.patch import Identity, PatchBranches, PatchError
from countersign.domain.ids import MalformedError, Sha
from countersign.domain.outcomes import GitFault
from tests.fakes.git_objects import EXECUTABLE, SUBMODULE, SYMLINK, File
from tests.support.git_origin import GitOrigin

WHEN = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
BOT = Identity("Countersign", "countersign@example.com")
AGENT = Identity("shop-agent", "agent@example.com")


class Bench:
    def __init__(self, place: Path) -> None:
        self.origin = GitOrigin(place / "origin.git")
        self.repository = GitRepository(url=self.origin.url, directory=place / "copy")
        self.branches = PatchBranches(self.repository)

    def base(self, files: dict[str, File | bytes | str | None]) -> Sha:
        base = self.origin.commit(files)
        self.repository.fetch()
        return base

    def apply(self, base: Sha, diff: bytes | str, message: str = "Change it\n\nCountersign-Agent: shop-agent") -> Sha:
        text = diff.encode() if isinstance(diff, str) else diff
        return self.branches.apply_diff(base, text, message=message, author=AGENT, committer=BOT, when=WHEN)

    def tree(self, commit: Sha) -> bytes:
        return self.repository.mirror.run(["rev-parse", f"{commit}^{{tree}}"])


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


CONTENT = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "-\n", "é\n", "no newline"]), max_size=10).map("".join)
FILES = st.dictionaries(
    st.sampled_from(["a", "dir/a", "dir/b", "dir.x", "é/ü", "a b", 'q"q', "x b/y", "new\xa0y"]),
    st.builds(File, CONTENT.map(str.encode), st.sampled_from(["100644", EXECUTABLE])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(old=FILES, new=FILES, renames=st.booleans(), context=st.integers(0, 5))
def test_what_git_diff_writes_is_what_is_committed(
    old: dict[str, File], new: dict[str, File], renames: bool, context: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    base = bench.base({**old})
    wanted = bench.origin.commit({**dict.fromkeys(old.keys() - new.keys()), **new}, branch="wanted", parent=base)
    diff = bench.origin.git("diff", f"-U{context}", "-M" if renames else "--no-renames", base, wanted)
    bench.repository.fetch()

    if old == new:
        with pytest.raises(PatchError, match="empty"):
            bench.apply(base, diff)
    else:
        assert bench.tree(bench.apply(base, diff)) == bench.tree(wanted)


CHANGE = "--- a/shop.sql\n+++ b/shop.sql\n@@ -1 +1,2 @@\n select 1;\n+select 2;\n"


def test_the_same_diff_makes_the_same_commit_and_one_branch(bench: Bench) -> None:
    base = bench.base({"shop.sql": "select 1;\n"})

    first, second = bench.apply(base, CHANGE), bench.apply(base, CHANGE)
    bench.branches.push(first, "proposals/shop-agent/1")
    bench.branches.push(second, "proposals/shop-agent/1")
    bench.repository.fetch()

    assert first == second == bench.repository.tip("proposals/shop-agent/1")
    assert bench.repository.read(first, "shop.sql", limit=99) == b"select 1;\nselect 2;\n"
    (people,) = bench.repository.people(base, first)
    assert people.emails == ("agent@example.com", "countersign@example.com")
    assert people.trailers == (("Countersign-Agent", "shop-agent"),)


def test_a_branch_is_never_forced_and_stays_below_the_prefix(bench: Bench) -> None:
    base = bench.base({"shop.sql": "select 1;\n"})
    commit, other = bench.apply(base, CHANGE), bench.apply(base, CHANGE, message="Another")
    bench.branches.push(commit, "proposals/x")

    with pytest.raises(GitFault):
        bench.branches.push(other, "proposals/x")
    for branch in ("main", "countersign/audit", "proposals/../main", "proposals/", "proposals/a:refs/heads/main", "+proposals/x"):
        with pytest.raises(MalformedError):
            bench.branches.push(other, branch)
    assert bench.origin.tip("main") == base
    assert bench.origin.tip("proposals/x") == commit


NEW = "--- /dev/null\n+++ b/{}\n@@ -0,0 +1 @@\n+x\n"


@pytest.mark.parametrize(
    ("diff", "file", "why"),
    [
        ("--- a/none\n+++ b/none\n@@ -1 +1 @@\n-a\n+b\n", "none", "not there"),
        (NEW.format("plain"), "plain", "there already"),
        (NEW.format("plain/x"), "plain/x", "'plain' is not a directory"),
        (NEW.format("link/x"), "link/x", "'link' is not a directory"),
        (NEW.format("sub/x"), "sub/x", "'sub' is not a directory"),
        (NEW.format("dir"), "dir", "also a directory"),
        (NEW.format("n") + NEW.format("n/x"), "n", "also a directory"),
        ("--- a/link\n+++ b/link\n@@ -1 +1 @@\n-plain\n\\ No newline at end of file\n+x\n", "link", "a symlink"),
        ("diff --git a/sub b/sub\nold mode 100644\nnew mode 100755\n", "sub", "a submodule"),
        ("diff --git a/plain b/plain\nold mode 100755\nnew mode 100644\n", "plain", "has mode 100644"),
        ("diff --git a/link b/moved\nrename from link\nrename to moved\n", "link", "a symlink"),
        ("diff --git a/dir/a b/plain\nrename from dir/a\nrename to plain\n", "plain", "there already"),
        ("--- a/plain\n+++ b/plain\n@@ -1 +1 @@\n-2\n+3\n", "plain", "another one"),
    ],
)  # fmt: skip
def test_games_with_the_tree_are_refused(bench: Bench, diff: str, file: str, why: str) -> None:
    base = bench.base(
        {"plain": "1\n", "dir/a": "1\n", "link": File(b"plain", SYMLINK), "sub": File(b"2" * 40, SUBMODULE), "bin": b"\0"}
    )

    with pytest.raises(PatchError, match=why) as refused:
        bench.apply(base, diff)
    assert refused.value.file == file


def test_a_file_in_the_place_of_a_directory_that_goes(bench: Bench) -> None:
    base = bench.base({"dir/a": "1\n", "keep": "1\n"})

    made = bench.apply(base, "--- a/dir/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n" + NEW.format("dir"))

    assert bench.repository.read(made, "dir", limit=9) == b"x\n"
    assert bench.repository.read(made, "dir/a", limit=9) is None


def test_nothing_is_made_of_a_diff_of_which_a_part_fails(bench: Bench) -> None:
    base = bench.base({"shop.sql": "select 1;\n"})
    count = bench.repository.mirror.run(["count-objects"])

    with pytest.raises(PatchError, match="hunk 1"):
        bench.apply(base, NEW.format("good") + "--- a/shop.sql\n+++ b/shop.sql\n@@ -1 +1 @@\n-select 9;\n+select 2;\n")
    assert bench.repository.mirror.run(["count-objects"]) == count


def test_a_diff_that_ends_where_it_began_changes_nothing(bench: Bench) -> None:
    base = bench.base({"a": "1\n", "b": "1\n"})

    with pytest.raises(PatchError, match="changes nothing"):
        bench.apply(base, "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-1\n+1\n")


def test_an_unknown_base_is_a_fault(bench: Bench) -> None:
    bench.base({"shop.sql": "select 1;\n"})

    with pytest.raises(GitFault):
        bench.apply(Sha("1" * 40), CHANGE)


@pytest.mark.parametrize(
    ("name", "email"), [("", "a@b"), ("a", ""), ("a\nparent x", "a@b"), ("a", "a@b> 0 +0000\nx"), ("a<b", "a@b"), (" . ", "a@b")]
)
def test_an_identity_cannot_break_out_of_its_line(name: str, email: str) -> None:
    with pytest.raises(MalformedError):
        Identity(name, email)


@pytest.mark.parametrize("message", ["", " \n", "a\0b"])
def test_an_odd_message_is_refused(bench: Bench, message: str) -> None:
    base = bench.base({"shop.sql": "select 1;\n"})

    with pytest.raises(MalformedError):
        bench.apply(base, CHANGE, message=message)
