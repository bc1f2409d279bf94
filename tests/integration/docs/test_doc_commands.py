"""Every command that the documents tell their readers to type, in the order of the page, in a repository as the page means it."""

import io
import os
import shlex
import shutil
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from datetime import timedelta
from pathlib import Path

import helm_python
import psycopg
import pytest
from ruamel.yaml import YAML

from countersign.adapters.gitcmd import run_git
from countersign.cli.main import main
from countersign.domain.policy_yaml import load_policy
from tests.builders import NOON, SHOP_POLICY, proposal
from tests.stage.shop import PROJECT
from tests.support import markdown
from tests.support.audit import Remote, TickingClock
from tests.support.bot_office import bot_office
from tests.support.decided import decided
from tests.support.doc_commands import ROOT, Place, blocks, run_page
from tests.support.postgres import postgres_server
from tests.support.scratch import Scratch
from tests.support.shelf import shelf

ROLES = """
    SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
    FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'postgres' ORDER BY rolname
"""
MEMBERSHIPS = """
    SELECT roleid::regrole::text, member::regrole::text, admin_option FROM pg_auth_members
    WHERE member::regrole::text = 'countersign_admin' ORDER BY 1
"""


def shop(home: Path, _stack: ExitStack) -> Place:
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
        decided(
            proposal(sql={path: "ALTER TABLE orders ADD COLUMN note text;\n"}, iid=number),
            policy=policy,
            at=NOON + timedelta(hours=number),
        )
        for number, path in enumerate(["db/staging/V1__note.sql", "db/production/V1__note.sql"], start=1)
    )
    run_git(["fetch", "--quiet", str(remote.path), "+refs/heads/*:refs/remotes/origin/*"], cwd=scratch.folder)
    return Place(scratch.folder)


def proposing(home: Path, stack: ExitStack) -> Place:
    """Run a forge and a bot; clone the shop and begin a change in it, as an agent would."""
    office = stack.enter_context(bot_office(home / "office"))
    folder = home / "shop"
    lea = office.cast.tokens["lea"]
    run_git(["clone", "--quiet", f"{office.forge.clone_url(PROJECT, lea)}", str(folder)], cwd=home)
    for path, text in (
        ("db/staging/shop/V2__note.sql", "ALTER TABLE orders ADD COLUMN note text;\n"),
        ("why.md", "A note\n\nAsked for.\n"),
    ):
        (folder / path).write_text(text)
    run_git(["add", "--intent-to-add", "db"], cwd=folder)
    put = {"https://countersign.example": office.url, "your-token": office.cast.agent_token}
    return Place(folder, INSTALLS | put, FROM_HERE)


def auditing(home: Path, _stack: ExitStack) -> Place:
    """Make a clone with half a year of records, a trust root beside it, and a checkpoint of last time."""
    auditor = shelf(home)
    with redirect_stdout(io.StringIO()) as said:
        assert main(["audit", "verify", "--repo", str(auditor.clone), "--trust-root", str(auditor.trust_file)]) == 0
    (kept,) = [line.split()[1] for line in said.getvalue().splitlines() if line.startswith("checkpoint: ")]
    (home / "policy.yaml").write_text(SHOP_POLICY)
    put = INSTALLS | {"/path/to/allowed_signers": str(auditor.trust_file), "/path/to/policy.yaml": str(home / "policy.yaml")}
    return Place(auditor.clone, put, FROM_HERE | {"CHECKPOINT": kept})


def nowhere(home: Path, _stack: ExitStack) -> Place:
    """Make an empty folder."""
    folder = home / "empty"
    folder.mkdir()
    return Place(folder)


def checkout(home: Path, _stack: ExitStack) -> Place:
    """Copy the Makefile: that its targets are there is seen here; what they do is seen by CI, which calls them."""
    folder = home / "checkout"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    shutil.copy(ROOT / "Makefile", folder)
    return Place(folder, {"make ": "make --dry-run "})


INSTALLS = {"path/to/countersign": str(ROOT)}
_PIP = {"PIP_CACHE_DIR": str(ROOT / ".cache/pip"), "PIP_NO_COMPILE": "1"}  # two pages install the same
FROM_HERE = _PIP | {name: value for name, value in os.environ.items() if name.startswith("PIP_")}  # noqa: TID251 - how this machine reaches its index
PAGES: dict[str, Callable[[Path, ExitStack], Place]] = {
    "CONTRIBUTING.md": checkout,
    "README.md": checkout,
    "docs/agent-guide.md": proposing,
    "docs/auditor-guide.md": auditing,
    "docs/operations.md": nowhere,
    "docs/policy-guide.md": shop,
}
"""Pages whose commands are run, and what makes the place that they are run in."""
ELSEWHERE = {"docs/brokers.md": 1, "helm/countersign/README.md": 1}
"""Pages whose commands are not for a shell of ours, and how many there are; their tests are below."""


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_tells_to_type_does_what_it_says(page: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        ran = run_page(ROOT / page, PAGES[page](tmp_path, stack))
    assert ran == len([block for block in blocks(ROOT / page) if block.kind == "sh" and not block.note.startswith("skip")])
    assert ran > 0


def test_no_page_with_commands_is_left_out() -> None:
    pages = [(page.relative_to(ROOT).as_posix(), markdown.blocks(page)) for page in markdown.PAGES]
    commands = {name: len([block for block in found if block.tag in {"sh", "sql"}]) for name, found in pages}
    assert {name for name, count in commands.items() if count} == PAGES.keys() | ELSEWHERE.keys()
    assert {name: commands[name] for name in ELSEWHERE} == ELSEWHERE
    for name, found in pages:
        if name in PAGES:
            assert [block.where for block in found if block.tag == "sql"] == []


def test_the_brokers_pages_sql_makes_the_admin_role_that_the_tests_work_with() -> None:
    (script,) = [block.text for block in blocks(ROOT / "docs/brokers.md") if block.kind == "sql"]
    with postgres_server() as documented, postgres_server() as tested:
        tested.make_admin("shop_migrator")
        with psycopg.connect(documented.dsn(), autocommit=True) as connection:
            connection.execute(script.encode())
        for question in (ROLES, MEMBERSHIPS):
            assert documented.ask(question) == tested.ask(question)
        assert len(documented.ask(ROLES)) == 2


def test_the_charts_command_and_values_render() -> None:
    page = ROOT / "helm/countersign/README.md"
    found = {block.kind: block.text for block in blocks(page)}
    assert shlex.split(found["sh"])[:4] == ["helm", "install", "countersign", "helm/countersign"]
    values = YAML(typ="safe").load(found["yaml"].replace("…", "a" * 64))
    with helm_python.Chart.load(ROOT / shlex.split(found["sh"])[3]) as chart:
        chart.validate_schema(values)
        rendered = chart.render(values, name="countersign", namespace="countersign")
    assert any("countersign-runner-production" in text for text in rendered.values())


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
            run_page(page, Place(folder))
    page.write_text(
        "<!-- file: a/b -->\n```text\nx\n```\n<!-- run -->\n```sh\ncat a/b; echo 'a  b c'\n```\n```text\nx\na b …\n```\n"
    )
    assert run_page(page, Place(folder)) == 1
    with pytest.raises(AssertionError, match="not-on-the-page"):
        run_page(page, Place(folder, {"https://not-on-the-page": ""}))
