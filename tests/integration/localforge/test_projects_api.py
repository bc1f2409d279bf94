import pytest

from tests.fakes.localforge import DEVELOPER, GUEST, OWNER
from tests.integration.localforge.conftest import Scene
from tests.integration.localforge.refused import refused


def test_a_private_project_is_not_there_for_strangers(scene: Scene) -> None:
    with refused(404):
        scene.client("stranger").projects.get(scene.path)
    assert scene.path not in {project.path_with_namespace for project in scene.client("stranger").projects.list(get_all=True)}
    assert scene.path in {project.path_with_namespace for project in scene.client("reporter").projects.list(get_all=True)}


def test_projects_are_found_by_number_and_by_path(scene: Scene) -> None:
    by_path = scene.client("author").projects.get(scene.path)
    assert scene.client("author").projects.get(by_path.id).path_with_namespace == scene.path
    assert by_path.default_branch == "main"
    assert by_path.http_url_to_repo == f"{scene.forge.url}/{scene.path}.git"


def test_guests_see_no_code(scene: Scene) -> None:
    scene.admin.members.create({"user_id": scene.people["stranger"].id, "access_level": GUEST})
    project = scene.project("stranger")
    with refused(403):
        project.branches.list(get_all=True)
    with refused(403):
        project.files.get("README.md", ref="main")


def test_levels_bind(scene: Scene) -> None:
    with refused(403):
        scene.project("reporter").branches.create({"branch": "x", "ref": "main"})
    with refused(403):
        scene.project("author").hooks.list(get_all=True)
    with refused(403):
        scene.project("author").members.create({"user_id": scene.people["stranger"].id, "access_level": DEVELOPER})
    with refused(403):
        scene.project("maintainer").members.create({"user_id": scene.people["stranger"].id, "access_level": OWNER})


def test_members_of_parents_are_members_below(scene: Scene) -> None:
    top = scene.path.split("/")[0]
    team = scene.forge.group(f"{top}/team", scene.people["author"])
    scene.forge.admin.groups.get(top).members.create({"user_id": scene.people["stranger"].id, "access_level": OWNER})
    seen = scene.client("reporter").groups.get(f"{top}/team")
    assert scene.people["stranger"].id not in {member.id for member in seen.members.list(get_all=True)}
    everybody = {member.id: member.access_level for member in seen.members_all.list(get_all=True)}
    assert everybody[scene.people["stranger"].id] == OWNER
    assert everybody[scene.people["author"].id] == DEVELOPER
    team.members.delete(scene.people["author"].id)
    assert scene.people["author"].id not in {member.id for member in seen.members_all.list(get_all=True)}
    assert scene.project("stranger").members_all.get(scene.people["stranger"].id).access_level == OWNER


def test_private_groups_are_not_there_for_others(scene: Scene) -> None:
    top = scene.forge.admin.groups.get(scene.path.split("/")[0])
    hidden = scene.forge.admin.groups.create({"name": "hidden", "path": "hidden", "parent_id": top.id})
    with refused(404):
        scene.client("author").groups.get(hidden.full_path)
    with refused(400):
        scene.forge.admin.groups.create({"name": "open", "path": "open", "parent_id": hidden.id, "visibility": "public"})


def test_the_default_branch_is_protected_from_the_start(scene: Scene) -> None:
    (rule,) = scene.project("author").protectedbranches.list(get_all=True)
    assert rule.name == "main"
    assert [level["access_level"] for level in rule.push_access_levels] == [40]
    assert rule.allow_force_push is False
    with refused(403):
        scene.commit("author", "main", "no.txt")
    scene.commit("maintainer", "main", "yes.txt")


def test_push_for_no_one_is_for_no_one(scene: Scene) -> None:
    project = scene.project("maintainer")
    project.protectedbranches.delete("main")
    author = [{"user_id": scene.people["author"].id}]
    project.protectedbranches.create({"name": "main", "push_access_level": 0, "allowed_to_merge": author})
    for role in ("maintainer", "author"):
        with refused(403):
            scene.commit(role, "main", role)
    with refused(403):  # admins too
        scene.admin.commits.create(
            {"branch": "main", "commit_message": "x", "actions": [{"action": "create", "file_path": "c", "content": ""}]}
        )


def test_one_account_may_push_where_others_may_not(scene: Scene) -> None:
    author = [{"user_id": scene.people["author"].id}]
    scene.project("maintainer").protectedbranches.create({"name": "audit/*", "allowed_to_push": author, "merge_access_level": 0})
    scene.commit("author", "audit/log", "a", start_branch="main")
    with refused(403):
        scene.commit("maintainer", "audit/log", "b")
    with refused(422):
        scene.project("maintainer").protectedbranches.create(
            {"name": "x", "allowed_to_push": [{"user_id": scene.people["stranger"].id}]}
        )
    with refused(409):
        scene.project("maintainer").protectedbranches.create({"name": "audit/*"})


def test_a_rule_can_be_changed(scene: Scene) -> None:
    rules = scene.project("maintainer").protectedbranches
    rules.update("main", {"allow_force_push": True, "allowed_to_push": [{"access_level": 30}]})
    rule = rules.get("main")
    assert rule.allow_force_push
    scene.commit("author", "main", "now.txt")
    developers = next(level["id"] for level in rule.push_access_levels if level["access_level"] == 30)
    rules.update("main", {"allowed_to_push": [{"id": developers, "_destroy": True}]})
    with refused(403):
        scene.commit("author", "main", "no-more.txt")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("reset_approvals_on_push", False), ("approvals_before_merge", 2), ("only_allow_merge_if_pipeline_succeeds", True)],
)
def test_settings_are_kept(scene: Scene, setting: str, value: object) -> None:
    scene.forge.admin.http_put(f"/projects/{scene.admin.id}", post_data={setting: value})
    approvals = scene.project("author").approvals.get()
    project = scene.project("author")
    assert value in {getattr(project, setting, None), approvals.attributes.get(setting)}


def test_paths_are_taken_once_and_checked(scene: Scene) -> None:
    space = scene.forge.admin.groups.get(scene.path.split("/")[0]).id
    for path in ("site", "SITE", "a/b", "-x", "x.git", "..", ""):
        with refused(400):
            scene.forge.admin.projects.create({"name": "x" if path else "", "path": path, "namespace_id": space})


def test_a_removed_project_is_gone_with_its_repository(scene: Scene) -> None:
    scene.open("author")
    scene.admin.delete()
    with refused(404):
        scene.forge.admin.projects.get(scene.path)


def test_a_fork_belongs_to_who_made_it(scene: Scene) -> None:
    fork = scene.forge.client(scene.forge.token(scene.people["reporter"], "api")).projects.get(scene.path).forks.create({})
    assert fork.path_with_namespace == f"{scene.name('reporter')}/site"
    assert fork.forked_from_project["path_with_namespace"] == scene.path
    with refused(404):
        scene.client("stranger").projects.get(fork.id)
