"""Every command that the documents tell their readers to type, in the order of the page, in a repository as the page means it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from countersign.adapters.gitcmd import run_git
from countersign.domain.policy_yaml import load_policy
from tests.builders import NOON, proposal
from tests.support.audit import Remote, TickingClock
from tests.support.decided import decided
from tests.support.doc_commands import ROOT, blocks, run_page
from tests.support.scratch import Scratch


def shop(home: Path) -> Path:
    """Make a shop with migrations of two environments, and a past of two decisions on its audit branch."""
    scratch = Scratch(home / "shop")
    scratch.commit(
        {
            "README.md": "The shop\n",
            "CODEOWNERS": "* @acme/web\n",
            "db/staging/V1__orders.sql": "CREATE TABLE orders (id int);\n",
            "db/production/V1__orders.sql": "CREATE TABLE orders (id int);\n",
        }
    )
    guide = next(block.text for block in blocks(ROOT / "docs/policy-guide.md") if block.text.startswith("version: 1"))
    policy = load_policy(guide.encode())
    remote = Remote.make(home)
    remote.clock = TickingClock(NOON + timedelta(days=1))
    remote.fill(
        decided(proposal(path, iid=number), policy=policy, at=NOON + timedelta(hours=number))
        for number, path in enumerate(["db/staging/V1__note.md", "db/production/V1__note.md"], start=1)
    )
    run_git(["fetch", "--quiet", str(remote.path), "+refs/heads/*:refs/remotes/origin/*"], cwd=scratch.folder)
    return scratch.folder


PAGES: dict[str, Callable[[Path], Path]] = {"docs/policy-guide.md": shop}
"""Pages whose commands are run, and what makes the folder that they are run in."""


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_tells_to_type_does_what_it_says(page: str, tmp_path: Path) -> None:
    assert run_page(ROOT / page, PAGES[page](tmp_path)) > 0


def test_a_page_that_is_wrong_is_found_out(tmp_path: Path) -> None:
    page, folder = tmp_path / "page.md", tmp_path / "folder"
    folder.mkdir()
    for text, says in (
        ("<!-- run -->\n```sh\nfalse\n```\n", "ended with 1, not 0"),
        ("<!-- run: exit 3 -->\n```sh\nexit 4\n```\n", "ended with 4, not 3"),
        ("<!-- run -->\n```sh\necho b; echo a\n```\n```text\na\nb\n```\n", "does not print 'b'"),
        ("```sh\ntrue\n```\n", "neither run nor skip"),
    ):
        page.write_text(text)
        with pytest.raises(AssertionError, match=says):
            run_page(page, folder)
    page.write_text(
        "<!-- file: a/b -->\n```text\nx\n```\n<!-- run -->\n```sh\ncat a/b; echo 'a  b c'\n```\n```text\nx\na b …\n```\n"
    )
    assert run_page(page, folder) == 1
