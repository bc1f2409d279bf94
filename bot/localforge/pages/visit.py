"""One request for a page: who looks, at which project, with which form. Shows nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.localforge.access import DEVELOPER, REPORTER, Access
from bot.localforge.change_entities import MergeRequest
from bot.localforge.entities import Project, User
from bot.localforge.errors import not_found
from bot.localforge.forge import Forge
from bot.localforge.gitstore import Repository


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was let in. `user` None is a visitor that only looks, in the demo."""

    forge: Forge
    user: User | None
    open_to_visitors: bool
    segments: Mapping[str, str]
    form: Mapping[str, str]

    @property
    def access(self) -> Access:
        """Give who may do what."""
        return Access(self.forge.store)

    def sees(self, project: Project) -> bool:
        """Say whether this visitor may look at a project and its code."""
        if self.user is None:
            return self.open_to_visitors or project.visibility == "public"
        return project.visibility != "private" or self.access.level(self.user, project) >= REPORTER

    @property
    def project(self) -> Project:
        """Give the project in the path."""
        found = self.forge.store.one(Project, path_with_namespace=self.segments["project"])
        if found is None or not self.sees(found):
            raise not_found("Project")
        return found

    @property
    def repository(self) -> Repository:
        """Give the project's repository."""
        return self.forge.repository(self.project)

    @property
    def change(self) -> MergeRequest:
        """Give the merge request in the path."""
        found = self.forge.store.one(MergeRequest, project_id=self.project.id, iid=int(self.segments["iid"]))
        if found is None:
            raise not_found("Merge request")
        return found

    def may_work(self, project: Project) -> bool:
        """Say whether this visitor is a developer there."""
        return self.user is not None and self.access.level(self.user, project) >= DEVELOPER

    def ref(self) -> tuple[str, str, str]:
        """Split the path behind `tree`, `blob` or `commits` into a branch (or commit), its commit, and a path in it."""
        parts = self.segments["rest"].strip("/").split("/")
        for length in range(len(parts), 0, -1):
            name = "/".join(parts[:length])
            commit = self.repository.commit(name)
            if commit is not None:
                return name, commit, "/".join(parts[length:])
        raise not_found("Branch")

    def person(self, number: int) -> User:
        """Give an account."""
        return self.forge.store.get(User, number)
