import base64
from typing import Any

import pytest
from gitlab.v4.objects import Project

from tests.integration.localforge.conftest import Scene
from tests.integration.localforge.refused import refused


def compared(project: Project, old: str, new: str) -> dict[str, Any]:
    answer = project.repository_compare(old, new)
    assert isinstance(answer, dict)
    return answer


def test_all_actions_in_one_commit(scene: Scene) -> None:
    project = scene.project("author")
    scene.commit("author", "work", "old/name.txt", "one\n", start_branch="main")
    binary = bytes(range(256))
    made = project.commits.create(
        {
            "branch": "work",
            "commit_message": "Do it all",
            "author_name": "Ada",
            "author_email": "ada@example.com",
            "actions": [
                {"action": "create", "file_path": "bin", "content": base64.b64encode(binary).decode(), "encoding": "base64"},
                {"action": "move", "file_path": "new/name.txt", "previous_path": "old/name.txt"},
                {"action": "update", "file_path": "README.md", "content": "other\n"},
                {"action": "chmod", "file_path": "bin", "execute_filemode": True},
            ],
        }
    )
    assert (made.author_name, made.author_email) == ("Ada", "ada@example.com")
    assert made.committer_email == f"{scene.name('author')}@example.com"
    files = {entry["path"]: entry["mode"] for entry in project.repository_tree(ref="work", recursive=True, get_all=True)}
    assert files["bin"] == "100755"
    assert "new/name.txt" in files
    assert "old/name.txt" not in files
    assert project.files.get("bin", ref="work").decode() == binary
    assert project.files.raw("README.md", ref="work") == b"other\n"
    project.commits.create({"branch": "work", "commit_message": "x", "actions": [{"action": "delete", "file_path": "bin"}]})
    with refused(404):
        project.files.get("bin", ref="work")
    diffs = project.commits.get(made.id).diff(get_all=True)
    assert {"README.md", "bin", "new/name.txt"} == {diff["new_path"] for diff in diffs}
    assert next(diff for diff in diffs if diff["new_path"] == "new/name.txt")["renamed_file"] is True


@pytest.mark.parametrize(
    "action",
    [
        {"action": "create", "file_path": "README.md", "content": "x"},
        {"action": "update", "file_path": "none", "content": "x"},
        {"action": "delete", "file_path": "none"},
        {"action": "move", "file_path": "x", "previous_path": "none"},
        {"action": "create", "file_path": "../escape", "content": "x"},
        {"action": "create", "file_path": ".git/config", "content": "x"},
        {"action": "create", "file_path": "x", "content": "!!", "encoding": "rot13"},
        {"action": "explode", "file_path": "x"},
        {"action": "create", "file_path": "x", "content": "x", "surprise": 1},
    ],
)
def test_actions_that_cannot_be_done_change_nothing(scene: Scene, action: dict[str, object]) -> None:
    with refused(400):
        scene.project("author").commits.create(
            {"branch": "work", "start_branch": "main", "commit_message": "x", "actions": [action]}
        )
    with refused(404):
        scene.project("author").branches.get("work")


def test_a_commit_on_an_old_state_is_refused(scene: Scene) -> None:
    project = scene.project("author")
    first = scene.commit("author", "work", "a", start_branch="main")
    project.files.update("a", {"branch": "work", "content": "new", "commit_message": "x"})
    with refused(400):
        project.files.update("a", {"branch": "work", "content": "newer", "commit_message": "x", "last_commit_id": first})


def test_branches(scene: Scene) -> None:
    project = scene.project("author")
    made = project.branches.create({"branch": "feature/one", "ref": "main"})
    assert made.commit["id"] == project.branches.get("main").commit["id"]
    assert project.branches.get("feature/one").protected is False
    assert [branch.name for branch in project.branches.list(search="^feat", get_all=True)] == ["feature/one"]
    with refused(400):
        project.branches.create({"branch": "feature/one", "ref": "main"})
    with refused(400):
        project.branches.create({"branch": "two", "ref": "nowhere"})
    with refused(400):
        project.branches.create({"branch": "bad..name", "ref": "main"})
    with refused(400):
        project.branches.delete("main")
    project.branches.delete("feature/one")
    with refused(404):
        project.branches.get("feature/one")


def test_start_at_a_commit_and_force(scene: Scene) -> None:
    main = scene.project("author").branches.get("main").commit["id"]
    one = scene.commit("author", "work", "one", start_sha=main)
    with refused(400):
        scene.commit("author", "work", "two", start_sha=main)
    two = scene.commit("author", "work", "two", start_sha=main, force=True)
    project = scene.project("author")
    assert project.branches.get("work").commit["id"] == two
    assert project.commits.get(two).parent_ids == [main]
    assert compared(project, main, two)["commits"][0]["id"] == two
    assert one not in {commit.id for commit in project.commits.list(ref_name="work", get_all=True)}


def test_reading(scene: Scene) -> None:
    project = scene.project("author")
    head = scene.commit("author", "work", "dir/ü.txt", "ä\n", start_branch="main")
    file = project.files.get("dir/ü.txt", ref="work")
    assert (file.decode().decode(), file.commit_id, file.last_commit_id) == ("ä\n", head, head)
    assert project.repository_raw_blob(file.blob_id) == "ä\n".encode()
    parted = project.repository_merge_base(["main", "work"])
    assert isinstance(parted, dict)
    assert parted["id"] == project.branches.get("main").commit["id"]
    assert compared(project, "main", "work")["diffs"][0]["diff"].startswith("@@ -0,0 +1 @@\n+ä")
    assert {ref["name"] for ref in project.commits.get(head).refs()} == {"work"}
    for path, ref in (("none", "main"), ("dir", "work"), ("README.md", "nowhere")):
        with refused(404):
            project.files.get(path, ref=ref)


def test_the_first_commit_begins_an_empty_repository(scene: Scene) -> None:
    empty = scene.forge.project(f"{scene.path.split('/')[0]}/empty", readme=False)
    assert empty.branches.list(get_all=True) == []
    action = {"action": "create", "file_path": "a", "content": "a"}
    empty.commits.create({"branch": "trunk", "commit_message": "Begin", "actions": [action]})
    again = scene.forge.admin.projects.get(empty.id)
    assert again.default_branch == "trunk"
    assert again.branches.get("trunk").protected
