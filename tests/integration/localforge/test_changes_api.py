import gitlab
import pytest

from tests.integration.localforge.conftest import Scene
from tests.integration.localforge.refused import refused


def test_a_merge_request_has_its_ref_its_version_and_its_diff(scene: Scene) -> None:
    change = scene.open("author", labels="b,a", description="Why.")
    assert (change.iid, change.state, change.labels, change.draft) == (1, "opened", ["a", "b"], False)
    assert change.references["full"] == f"{scene.path}!1"
    assert change.web_url == f"{scene.forge.url}/{scene.path}/-/merge_requests/1"
    (version,) = change.diffs.list(get_all=True)
    assert version.head_commit_sha == change.sha
    assert change.diff_refs["base_sha"] == version.base_commit_sha
    assert [commit.id for commit in change.commits()] == [change.sha]
    changes = change.changes()
    assert isinstance(changes, dict)
    assert changes["changes"][0]["new_path"] == "topic.txt"
    assert [diff["new_path"] for diff in change.diffs.get(version.id).diffs] == ["topic.txt"]


def test_a_push_makes_a_version(scene: Scene) -> None:
    change = scene.open("author")
    head = scene.commit("author", "topic", "more.txt")
    seen = scene.see("other", change)
    assert seen.sha == head
    versions = seen.diffs.list(get_all=True)
    assert [version.head_commit_sha for version in versions] == [head, change.sha]
    assert versions[0].id > versions[1].id
    assert versions[0].created_at > versions[1].created_at


def test_a_retarget_makes_a_version_of_the_same_head(scene: Scene) -> None:
    scene.project("author").branches.create({"branch": "other", "ref": "main"})
    change = scene.open("author")
    change.target_branch = "other"
    change.save()
    assert [version.head_commit_sha for version in change.diffs.list(get_all=True)] == [change.sha, change.sha]
    with refused(400):
        scene.forge.admin.http_put(f"/projects/{scene.admin.id}/merge_requests/1", post_data={"target_branch": "nowhere"})


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"source_branch": "nowhere"}, 400),
        ({"target_branch": "nowhere"}, 400),
        ({"source_branch": "main"}, 422),
        ({"title": ""}, 400),
        ({"title": "x" * 300}, 400),
        ({"surprise": "x"}, 400),
        ({}, 409),
    ],
)
def test_what_cannot_be_opened(scene: Scene, asked: dict[str, str], status: int) -> None:
    scene.open("author")
    with refused(status):
        scene.project("author").mergerequests.create({"source_branch": "topic", "target_branch": "main", "title": "x"} | asked)


def test_reporters_open_none(scene: Scene) -> None:
    scene.commit("author", "work", "a", start_branch="main")
    with refused(403):
        scene.project("reporter").mergerequests.create({"source_branch": "work", "target_branch": "main", "title": "x"})


def test_only_the_last_label_of_a_scope_stays(scene: Scene) -> None:
    change = scene.open("author", labels="countersign::a,other")
    path = f"/projects/{scene.admin.id}/merge_requests/1"
    scene.forge.admin.http_put(path, post_data={"add_labels": "countersign::b"})
    assert scene.see("author", change).labels == ["countersign::b", "other"]
    scene.forge.admin.http_put(path, post_data={"remove_labels": "other,none"})
    assert scene.see("author", change).labels == ["countersign::b"]
    scene.forge.admin.http_put(path, post_data={"labels": ""})
    assert scene.see("author", change).labels == []


def test_labels_can_be_renamed_and_removed(scene: Scene) -> None:
    scene.open("author", labels="one")
    label = scene.project("author").labels.get("one")
    label.new_name = "two"
    label.save()
    assert scene.project("author").mergerequests.get(1).labels == ["two"]
    scene.project("author").labels.delete("two")
    assert scene.project("author").mergerequests.get(1).labels == []


def test_close_and_reopen(scene: Scene) -> None:
    change = scene.open("author")
    change.state_event = "close"
    change.save()
    assert scene.see("other", change).state == "closed"
    with refused(405):
        scene.admin.mergerequests.get(1).merge()
    head = scene.commit("author", "topic", "while-closed.txt")
    assert scene.see("other", change).sha == change.sha
    change.state_event = "reopen"
    change.save()
    again = scene.see("other", change)
    assert (again.state, again.sha) == ("opened", head)


def test_reporters_edit_nothing(scene: Scene) -> None:
    change = scene.see("reporter", scene.open("author"))
    change.title = "Mine"
    with refused(403):
        change.save()


def test_lists_are_filtered_and_ordered(scene: Scene) -> None:
    scene.open("author", "one", labels="x")
    scene.open("other", "two")
    scene.open("author", "three")
    listed = scene.project("reporter").mergerequests
    assert [change.iid for change in listed.list(get_all=True)] == [3, 2, 1]
    assert [change.iid for change in listed.list(sort="asc", order_by="created_at", get_all=True)] == [1, 2, 3]
    assert [change.iid for change in listed.list(author_username=scene.name("other"), get_all=True)] == [2]
    assert [change.iid for change in listed.list(labels=["x"], get_all=True)] == [1]
    assert [change.iid for change in listed.list(source_branch="three", state="opened", get_all=True)] == [3]
    assert [change.iid for change in listed.list(iids=[1, 2], get_all=True)] == [2, 1]
    assert listed.list(state="merged", get_all=True) == []
    with refused(400):
        listed.list(surprise="x", get_all=True)


def merge(scene: Scene, **how: object) -> object:
    return scene.project("maintainer").mergerequests.get(1).merge(**how)  # type: ignore[arg-type]  # whatever a test says


def test_merge_by_a_merge_commit(scene: Scene) -> None:
    change = scene.open("author")
    before = scene.admin.branches.get("main").commit["id"]
    merge(scene, sha=change.sha, should_remove_source_branch=True)
    merged = scene.see("author", change)
    assert merged.state == "merged"
    assert merged.merge_user["username"] == scene.name("maintainer")
    made = scene.admin.commits.get(merged.merge_commit_sha)
    assert made.parent_ids == [before, change.sha]
    assert made.id == scene.admin.branches.get("main").commit["id"]
    with refused(404):
        scene.admin.branches.get("topic")
    with refused(405):
        merge(scene, sha=change.sha)


def test_merge_squashed(scene: Scene) -> None:
    change = scene.open("author")
    head = scene.commit("author", "topic", "two.txt")
    merge(scene, sha=head, squash=True)
    merged = scene.see("author", change)
    squashed = scene.admin.commits.get(merged.squash_commit_sha)
    assert squashed.title == "Do topic"
    assert scene.admin.commits.get(merged.merge_commit_sha).parent_ids[1] == squashed.id


def test_merge_names_the_head(scene: Scene) -> None:
    change = scene.open("author")
    scene.commit("author", "topic", "sneaked-in.txt")
    with refused(409) as said:
        merge(scene, sha=change.sha)
    assert "SHA does not match HEAD" in said.message
    assert scene.see("author", change).state == "opened"


def test_merge_needs_the_right_to(scene: Scene) -> None:
    change = scene.open("author")
    with refused(401):
        scene.see("author", change).merge()


def test_no_merge_of_drafts(scene: Scene) -> None:
    change = scene.open("author", title="Draft: Do it")
    assert (change.draft, change.detailed_merge_status) == (True, "draft_status")
    with refused(405):
        merge(scene)
    change.title = "Do it"
    change.save()
    merge(scene)


def test_no_merge_of_conflicts(scene: Scene) -> None:
    scene.commit("author", "topic", "same.txt", "one\n", start_branch="main")
    change = scene.project("author").mergerequests.create({"source_branch": "topic", "target_branch": "main", "title": "x"})
    scene.commit("maintainer", "main", "same.txt", "two\n")
    seen = scene.see("author", change)
    assert (seen.detailed_merge_status, seen.has_conflicts, seen.merge_status) == ("conflict", True, "cannot_be_merged")
    with refused(422):
        merge(scene, sha=change.sha)


def test_no_merge_before_the_statuses_where_the_project_wants_them(scene: Scene) -> None:
    change = scene.open("author")
    scene.forge.admin.http_put(f"/projects/{scene.admin.id}", post_data={"only_allow_merge_if_pipeline_succeeds": True})
    status = scene.project("author").commits.get(change.sha).statuses
    for state in (None, "pending", "failed"):
        if state:
            status.create({"state": state, "name": "ci"})
        with refused(405):
            merge(scene)
    status.create({"state": "success", "name": "ci"})
    merge(scene)


def test_no_merge_before_the_approvals_that_are_asked_for(scene: Scene) -> None:
    change = scene.open("author")
    scene.admin.approvals.update(new_data={"approvals_before_merge": 1})
    assert scene.see("other", change).detailed_merge_status == "not_approved"
    with refused(405):
        merge(scene)
    scene.see("other", change).approve()
    merge(scene)


def test_a_head_that_somebody_pushes_to_the_target_is_merged(scene: Scene) -> None:
    change = scene.open("author")
    scene.project("maintainer").commits.create(
        {"branch": "main", "commit_message": "x", "start_sha": change.sha, "force": True,
         "actions": [{"action": "create", "file_path": "on-top", "content": ""}]}
    )  # fmt: skip
    assert scene.see("author", change).state == "merged"


def test_a_change_from_a_fork(scene: Scene) -> None:
    reporter = scene.client("reporter")
    fork = reporter.projects.get(reporter.projects.get(scene.path).forks.create({}).id)
    fork.commits.create(
        {"branch": "topic", "start_branch": "main", "commit_message": "x",
         "actions": [{"action": "create", "file_path": "a", "content": "a"}]}
    )  # fmt: skip
    asked = {"source_branch": "topic", "target_branch": "main", "title": "x", "target_project_id": scene.admin.id}
    change = fork.mergerequests.create(asked)
    assert change.references["full"] == f"{scene.path}!1"
    assert change.source_project_id == fork.id
    assert change.target_project_id == scene.admin.id
    merge(scene, sha=change.sha)
    assert scene.project("author").files.get("a", ref="main").decode() == b"a"


def test_a_deleted_and_remade_source_branch_is_a_push(scene: Scene) -> None:
    change = scene.open("author")
    scene.see("other", change).approve()
    scene.project("author").branches.delete("topic")
    assert scene.see("author", change).sha == change.sha
    head = scene.commit("author", "topic", "evil.txt", start_branch="main")
    assert scene.see("author", change).sha == head


def test_answers_use_the_address_that_was_asked(scene: Scene) -> None:
    scene.open("author")
    url = scene.forge.url.replace("127.0.0.1", "localhost")
    client = gitlab.Gitlab(url, private_token=scene.forge.admin_token)
    assert client.projects.get(scene.path).mergerequests.get(1).web_url.startswith(f"{url}/")
