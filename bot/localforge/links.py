"""Addresses of everything that has a page, below one base URL."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bot.localforge.change_entities import MergeRequest
from bot.localforge.entities import Namespace, Project, User


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses below `base`, which has no slash at its end."""

    base: str

    @property
    def host(self) -> str:
        """Give the host's name, without port."""
        return urlsplit(self.base).hostname or "localhost"

    def user(self, user: User) -> str:
        """Give an account's page."""
        return f"{self.base}/{user.username}"

    def group(self, group: Namespace) -> str:
        """Give a group's page."""
        return f"{self.base}/groups/{group.full_path}"

    def project(self, project: Project) -> str:
        """Give a project's page."""
        return f"{self.base}/{project.path_with_namespace}"

    def git(self, project: Project) -> str:
        """Give what to clone."""
        return f"{self.project(project)}.git"

    def ssh(self, project: Project) -> str:
        """Give what one could clone over SSH, if this forge spoke it."""
        return f"git@{self.host}:{project.path_with_namespace}.git"

    def change(self, project: Project, change: MergeRequest) -> str:
        """Give a merge request's page."""
        return f"{self.project(project)}/-/merge_requests/{change.iid}"

    def commit(self, project: Project, sha: str) -> str:
        """Give a commit's page."""
        return f"{self.project(project)}/-/commit/{sha}"

    def tree(self, project: Project, ref: str) -> str:
        """Give the page of a branch's files."""
        return f"{self.project(project)}/-/tree/{quote(ref)}"
