"""One forge for all these tests; each test has a project and accounts of its own in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import gitlab
import pytest
from gitlab.v4.objects import Project, ProjectMergeRequest, User

from tests.fakes.localforge import DEVELOPER, MAINTAINER, REPORTER, LocalForge, local_forge

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Scene:
    """A private project with a maintainer, two developers and a reporter. Names end in the test's own number."""

    forge: LocalForge
    path: str
    admin: Project
    people: dict[str, User]

    def name(self, role: str) -> str:
        return str(self.people[role].username)

    def client(self, role: str) -> gitlab.Gitlab:
        return self.forge.acting(self.name(role))

    def project(self, role: str) -> Project:
        return self.client(role).projects.get(self.path)

    def commit(self, role: str, branch: str, path: str = "file.txt", content: str = "text\n", **more: object) -> str:
        action = {"action": "create", "file_path": path, "content": content}
        made = self.project(role).commits.create({"branch": branch, "commit_message": f"Write {path}", "actions": [action], **more})
        return str(made.id)

    def open(self, role: str, branch: str = "topic", **more: object) -> ProjectMergeRequest:
        """Have somebody open a merge request from a new branch with one commit."""
        self.commit(role, branch, f"{branch}.txt", start_branch="main")
        asked = {"source_branch": branch, "target_branch": "main", "title": f"Do {branch}", **more}
        made = self.project(role).mergerequests.create(asked)
        assert isinstance(made, ProjectMergeRequest)
        return made

    def see(self, role: str, change: ProjectMergeRequest) -> ProjectMergeRequest:
        return self.project(role).mergerequests.get(change.iid)


@pytest.fixture(scope="session")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalForge]:
    with local_forge(tmp_path_factory.mktemp("localforge") / "state") as running:
        yield running


@pytest.fixture
def scene(forge: LocalForge) -> Iterator[Scene]:
    number = next(_numbers)
    levels = {"maintainer": MAINTAINER, "author": DEVELOPER, "other": DEVELOPER, "reporter": REPORTER}
    people = {role: forge.user(f"{role}-{number}") for role in levels} | {"stranger": forge.user(f"stranger-{number}")}
    forge.group(f"group-{number}")
    project = forge.project(f"group-{number}/site")
    for role, level in levels.items():
        project.members.create({"user_id": people[role].id, "access_level": level})
    yield Scene(forge, project.path_with_namespace, project, people)
    forge.clear_faults()
