"""Facts from real git objects: both sides by blob, attributes from the protected branch, and what cannot be read said so."""

from pathlib import Path

import pytest

from countersign.adapters.git import GitRepository
from countersign.adapters.measure import measure
from countersign.domain.analysers import signals
from countersign.domain.analysers.contents import LARGEST
from countersign.domain.facts import Act, Facts
from countersign.domain.outcomes import GitFault
from tests.fakes.git_objects import SYMLINK, File
from tests.support.git_origin import GitOrigin

Files = dict[str, File | bytes | str | None]


def measured(place: Path, before: Files, after: Files) -> Facts:
    origin = GitOrigin(place / "origin.git")
    base = origin.commit({"README.md": "x\n", **before})
    head = origin.commit(after, branch="topic", parent=base)
    repository = GitRepository(url=origin.url, directory=place / "copy")
    repository.fetch()
    tree = repository.merged_tree(base, head)
    assert tree is not None
    return measure(repository, base, tree)


def test_a_rename_counts_on_both_sides_and_loses_its_lines(tmp_path: Path) -> None:
    facts = measured(
        tmp_path, {"a/main.tf": "prevent_destroy = true\n"}, {"a/main.tf": None, "b/main.tf": "prevent_destroy = true\n"}
    )
    assert [file.path for file in facts.files] == ["a/main.tf", "b/main.tf"]
    assert [(item.path, item.text) for item in facts.removed] == [("a/main.tf", "prevent_destroy = true")]


def test_the_old_side_is_the_protected_branchs(tmp_path: Path) -> None:
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\n"
    facts = measured(tmp_path, {"x.yaml": claim, "V1.sql": "SELECT 1;\n"}, {"x.yaml": "# none\n", "V1.sql": "DROP TABLE t;\n"})
    assert {(item.act, item.kind, item.path) for item in facts.effects} == {
        (Act.DELETES, "PersistentVolumeClaim", "x.yaml"),
        (Act.DELETES, "table", "V1.sql"),
    }


@pytest.mark.parametrize(
    "attributes",
    ["*.py linguist-generated\n", File(b"elsewhere", SYMLINK), b"# nothing\n" * 120_000],
    ids=["said", "a link", "endless"],
)
def test_attributes_come_from_the_protected_branch(tmp_path: Path, attributes: File | bytes | str) -> None:
    facts = measured(tmp_path, {".gitattributes": attributes, "a.py": "1\n"}, {"a.py": "2\n"})
    assert [signal.kind for signal in facts.signals] == [signals.FOLDED]


def test_what_is_too_large_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    facts = measured(tmp_path, {}, {"big.txt": "x\n" * (LARGEST // 2 + 1), "b.txt": "a\u200b\n", "c.sql": b"\xff"})
    assert {(signal.path, signal.kind) for signal in facts.signals} == {
        ("b.txt", signals.HIDDEN),
        ("big.txt", signals.UNREAD),
        ("c.sql", signals.UNREAD),
    }
    assert [item.path for item in facts.unclear] == ["c.sql"]


def test_an_object_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    origin = GitOrigin(tmp_path / "origin.git")
    base = origin.commit({"a": "1\n"})
    head = origin.commit({"b": "2\n"}, branch="topic", parent=base)
    repository = GitRepository(url=origin.url, directory=tmp_path / "copy")
    repository.fetch()
    tree = repository.merged_tree(base, head)
    assert tree is not None
    name = measure(repository, base, tree).files[0].new_blob
    assert name is not None
    for pack in (tmp_path / "copy").rglob("*.pack"):
        pack.unlink()
    (tmp_path / "copy/objects" / name[:2] / name[2:]).unlink(missing_ok=True)
    with pytest.raises(GitFault):
        measure(repository, base, tree)
