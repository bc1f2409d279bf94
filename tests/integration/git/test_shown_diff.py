"""What people are shown of a change hangs on git's objects alone, whatever clone they lie in."""

from pathlib import Path

import pytest

from countersign.adapters.gitcmd import run_git
from countersign.adapters.shown_diff import shown_diff
from tests.support.scratch import Scratch

SQL = "db/V2.sql"
QUIET = (
    "[core]\n\tquotePath = false\n\tattributesFile = here\n"
    "[diff]\n\tcontext = 0\n\tnoprefix = true\n\trelative = true\n\torderFile = none\n"
    '[diff "quiet"]\n\tbinary = true\n\txfuncname = ".*"\n'
)


@pytest.fixture
def about(scratch: Scratch) -> dict[str, str]:
    """Change a file, and one whose name has no letter of ASCII; another that is binary by its bytes."""
    lines = "".join(f"line {number}\n" for number in range(20))
    base = scratch.commit({SQL: lines, "ü.sql": "a\n", "logo": "\0"})
    head = scratch.commit({SQL: lines + "DROP TABLE orders;\n", "ü.sql": "b\n", "logo": "\0\0"})
    return {"base": base, "head": head, "tree": scratch.git("rev-parse", f"{head}^{{tree}}")}


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "shop")


def test_no_setting_and_no_attribute_of_a_clone_leaves_text_out(scratch: Scratch, about: dict[str, str]) -> None:
    plain = shown_diff(scratch.folder, about)
    assert "+DROP TABLE orders;" in plain.text
    assert plain.text.count("Binary files") == 1, "what is binary by its bytes"
    assert plain.why == ""
    for place in (".gitattributes", ".git/info/attributes"):
        (scratch.folder / place).parent.mkdir(exist_ok=True)
        for attributes in ("* binary", "* -diff", "* diff=quiet"):
            (scratch.folder / place).write_text(attributes + "\n")
            assert shown_diff(scratch.folder, about) == plain
    with (scratch.folder / ".git/config").open("a") as config:
        config.write(QUIET)
    assert shown_diff(scratch.folder, about) == plain


def test_attributes_that_the_change_itself_brings_leave_no_text_out(scratch: Scratch) -> None:
    base = scratch.commit({SQL: "a\n"})
    head = scratch.commit({SQL: "DROP TABLE orders;\n", ".gitattributes": "*.sql -diff\n"})
    told = shown_diff(scratch.folder, {"base": base, "head": head, "tree": scratch.git("rev-parse", f"{head}^{{tree}}")})
    assert "+DROP TABLE orders;" in told.text


@pytest.mark.parametrize(
    "how",
    [("clone", "--bare"), ("clone", "--shared"), ("clone", "--depth=2", "--no-local"), ("worktree", "add")],
    ids=["bare", "shared", "shallow", "worktree"],
)
def test_every_form_of_a_clone_shows_the_same(
    scratch: Scratch, about: dict[str, str], tmp_path: Path, how: tuple[str, ...]
) -> None:
    copy = tmp_path / "copy"
    source = (str(copy),) if how[0] == "worktree" else (scratch.folder.as_uri(), str(copy))
    run_git([*how, "--quiet", *source], cwd=scratch.folder)
    assert shown_diff(copy, about) == shown_diff(scratch.folder, about)
    fallback = shown_diff(copy, about | {"tree": "e" * 40})
    assert fallback.text == shown_diff(scratch.folder, about).text
    assert "where it branched off" in fallback.why


def test_a_folder_that_is_no_clone_has_none(tmp_path: Path) -> None:
    told = shown_diff(tmp_path, {"base": "1" * 40, "head": "2" * 40, "tree": "3" * 40})
    assert told.text == ""
    assert "This clone holds neither tree" in told.why


def test_nothing_is_left_behind(scratch: Scratch, about: dict[str, str]) -> None:
    before = scratch.everything()
    shown_diff(scratch.folder, about)
    assert scratch.everything() == before
