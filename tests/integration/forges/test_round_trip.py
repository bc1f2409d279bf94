"""A diff becomes a branch, a change, an approval and a merge: adapters and git against the embedded forge, over HTTP."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from countersign.adapters.forges.gitlab import GitLabForge
from countersign.adapters.git import GitRepository
from countersign.adapters.patch import Identity, PatchBranches
from countersign.domain.ids import Sha
from countersign.domain.outcomes import ForgeFault, GitFault
from countersign.domain.ports import ChangeState, NewChange
from tests.fakes.localforge import MAINTAINER, LocalForge, local_forge

PROJECT = "acme/shop"
WHEN = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
BOT = Identity("Countersign", "bot@example.com")
DIFF = b"--- /dev/null\n+++ b/shop.sql\n@@ -0,0 +1 @@\n+alter table item add column note text;\n"


def repository(forge: LocalForge, place: Path, token: str | None) -> GitRepository:
    adapter = GitLabForge(url=forge.url, token=token or "none")
    return GitRepository(url=adapter.clone_url(PROJECT), directory=place / "copy", token=token)


def test_from_a_diff_to_a_merge(tmp_path: Path) -> None:
    with local_forge(tmp_path / "forge") as forge:
        forge.group("acme")
        bot, eve = forge.user("bot", public_email="bot@example.com"), forge.user("eve")
        forge.project(PROJECT, bot, eve, level=MAINTAINER)
        token = forge.token(bot, "api")
        adapter, objects = GitLabForge(url=forge.url, token=token), repository(forge, tmp_path, token)
        branches = PatchBranches(objects)

        objects.fetch()
        base = objects.tip("main")
        assert base is not None
        head = branches.apply_diff(base, DIFF, message="Add a column", author=BOT, committer=BOT, when=WHEN)
        branches.push(head, "proposals/shop-agent/1")
        change = adapter.open_change(NewChange(PROJECT, "proposals/shop-agent/1", "main", "Add a column", "Because."))
        assert (change.head, change.author.username) == (head, "bot")

        forge.acting("eve").projects.get(PROJECT).mergerequests.get(change.ref.iid).approve(sha=head)
        (approval,) = adapter.approvals(change.ref).given
        assert (approval.person.username, approval.head) == ("eve", head)

        objects.fetch()
        tree = objects.merged_tree(base, head)
        assert tree is not None
        assert [(file.path, file.added) for file in objects.changes(base, tree)] == [("shop.sql", 1)]
        (people,) = objects.people(base, head)
        assert {adapter.person_by_email(email) for email in people.emails} == {adapter.whoami()}

        merged = adapter.merge(change.ref, head, into="main")
        objects.fetch()
        assert objects.tip("main") == merged
        assert objects.changes(merged, tree) == ()
        assert adapter.change(change.ref).state is ChangeState.MERGED


def test_the_head_of_a_change_is_fetched_when_its_branch_is_gone(tmp_path: Path) -> None:
    with local_forge(tmp_path / "forge") as forge:
        forge.group("acme")
        dana = forge.user("dana")
        project = forge.project(PROJECT, dana, level=MAINTAINER)
        action = {"action": "create", "file_path": "a", "content": "1\n"}
        project.commits.create({"branch": "topic", "start_branch": "main", "commit_message": "Add", "actions": [action]})
        request = project.mergerequests.create({"source_branch": "topic", "target_branch": "main", "title": "Add"})
        project.branches.delete("topic")
        objects = repository(forge, tmp_path, forge.token(dana, "read_repository"))

        objects.fetch()

        assert objects.tip("topic") is None
        assert objects.read(Sha(request.sha), "a", limit=9) == b"1\n"


@pytest.mark.parametrize("token", [None, "glpat-unknown-unknown"])
def test_without_a_good_token_nothing_is_fetched_or_pushed(tmp_path: Path, token: str | None) -> None:
    with local_forge(tmp_path / "forge") as forge:
        forge.group("acme")
        forge.project(PROJECT)
        objects = repository(forge, tmp_path, token)

        with pytest.raises(GitFault) as fault:
            objects.fetch()
    assert "glpat" not in str(fault.value)


def test_what_the_forge_lost_is_repaired_by_asking_again(tmp_path: Path) -> None:
    with local_forge(tmp_path / "forge") as forge:
        forge.group("acme")
        bot = forge.user("bot")
        project = forge.project(PROJECT, bot, level=MAINTAINER)
        action = {"action": "create", "file_path": "a", "content": "1\n"}
        project.commits.create({"branch": "topic", "start_branch": "main", "commit_message": "Add", "actions": [action]})
        adapter = GitLabForge(url=forge.url, token=forge.token(bot, "api"))
        new = NewChange(PROJECT, "topic", "main", "Add", "Because.")

        forge.fault("lost", method="POST", path=".*/merge_requests")
        with pytest.raises(ForgeFault):
            adapter.open_change(new)
        change = adapter.open_change(new)
        assert adapter.open_changes(PROJECT) == (change.ref,)

        forge.fault("lost", method="PUT", path=".*/merge")
        with pytest.raises(ForgeFault):
            adapter.merge(change.ref, change.head, into="main")
        commit = adapter.merge(change.ref, change.head, into="main")
        assert project.branches.get("main").commit["id"] == commit


def test_a_push_that_the_forge_is_late_to_take_in_is_waited_for(tmp_path: Path) -> None:
    with local_forge(tmp_path / "forge") as forge:
        forge.group("acme")
        bot, eve = forge.user("bot"), forge.user("eve")
        project = forge.project(PROJECT, bot, eve, level=MAINTAINER)
        action = {"action": "create", "file_path": "a", "content": "1\n"}
        first = project.commits.create({"branch": "topic", "start_branch": "main", "commit_message": "Add", "actions": [action]})
        adapter = GitLabForge(url=forge.url, token=forge.token(bot, "api"))
        change = adapter.open_change(NewChange(PROJECT, "topic", "main", "Add", "Because."))

        forge.fault("push-late", seconds=0.5)
        project.commits.create({"branch": "topic", "commit_message": "More", "actions": [{**action, "file_path": "b"}]})
        forge.acting("eve").projects.get(PROJECT).mergerequests.get(change.ref.iid).approve()

        (approval,) = adapter.approvals(change.ref).given
        assert approval.head == first.id


def test_a_busy_forge_is_asked_again_and_an_empty_answer_is_never_a_yes(tmp_path: Path) -> None:
    with local_forge(tmp_path / "forge") as forge:
        forge.group("acme")
        bot = forge.user("bot")
        forge.group("acme/ops", bot)
        project = forge.project(PROJECT, bot, level=MAINTAINER)
        adapter = GitLabForge(url=forge.url, token=forge.token(bot, "api"))

        forge.fault("status", status=429, retry_after=1, path=".*/user")
        assert adapter.whoami().username == "bot"

        forge.fault("empty", path=".*/members/all")
        assert adapter.members("acme/ops").people == frozenset()

        action = {"action": "create", "file_path": "a", "content": "1\n"}
        project.commits.create({"branch": "topic", "start_branch": "main", "commit_message": "Add", "actions": [action]})
        ref = adapter.open_change(NewChange(PROJECT, "topic", "main", "Add", "Because.")).ref
        forge.admin.projects.get(PROJECT).mergerequests.get(ref.iid).approve()
        forge.fault("empty", path=".*/versions", times=2)
        assert [approval.head for approval in adapter.approvals(ref).given] == [None]
        with pytest.raises(ForgeFault):
            adapter.change(ref)
