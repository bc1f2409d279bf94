"""Who may do what: levels, inherited memberships, protected branches. Reads the store; changes nothing."""

from fnmatch import fnmatchcase

from bot.localforge.entities import BranchAccess, Member, Namespace, Project, ProtectedBranch, User
from bot.localforge.store import Store

NOBODY, GUEST, PLANNER, REPORTER, DEVELOPER, MAINTAINER, OWNER = 0, 10, 15, 20, 30, 40, 50
ADMIN = 60
LEVELS = (NOBODY, 5, GUEST, PLANNER, REPORTER, DEVELOPER, MAINTAINER, OWNER)


class Access:
    """Answers about one store."""

    def __init__(self, store: Store) -> None:
        """Name the store."""
        self._store = store

    def lineage(self, namespace_id: int) -> list[Namespace]:
        """Give a namespace and those above it, nearest first."""
        found: list[Namespace] = []
        number: int | None = namespace_id
        while number is not None:
            found.append(self._store.get(Namespace, number))
            number = found[-1].parent_id
        return found

    def group_members(self, group: Namespace) -> dict[int, Member]:
        """Give everybody in a group, inherited members too, by user; the highest level counts."""
        found: dict[int, Member] = {}
        for space in self.lineage(group.id):
            _keep_highest(found, self._store.all(Member, source="group", source_id=space.id))
        return found

    def project_members(self, project: Project) -> dict[int, Member]:
        """Give everybody in a project, inherited members too, by user; the highest level counts."""
        found: dict[int, Member] = {}
        _keep_highest(found, self._store.all(Member, source="project", source_id=project.id))
        for space in self.lineage(project.namespace_id):
            _keep_highest(found, self._store.all(Member, source="group", source_id=space.id))
        return found

    def level(self, user: User, project: Project) -> int:
        """Give somebody's level in a project. An admin is above all; the owner of a user's namespace owns what is in it."""
        if user.state != "active":
            return NOBODY
        if user.admin:
            return ADMIN
        if self._store.get(Namespace, project.namespace_id).owner_id == user.id:
            return OWNER
        member = self.project_members(project).get(user.id)
        return member.access_level if member is not None else NOBODY

    def group_level(self, user: User, group: Namespace) -> int:
        """Give somebody's level in a group."""
        if user.state != "active":
            return NOBODY
        if user.admin:
            return ADMIN
        member = self.group_members(group).get(user.id)
        return member.access_level if member is not None else NOBODY

    def sees(self, user: User, project: Project) -> bool:
        """Say whether a project is there at all for somebody."""
        return project.visibility != "private" or self.level(user, project) > NOBODY

    def protections(self, project: Project, branch: str) -> list[ProtectedBranch]:
        """Give the rules for a branch. Where there are several, each of them may allow."""
        rules = self._store.all(ProtectedBranch, project_id=project.id)
        return [rule for rule in rules if fnmatchcase(branch, _pattern(rule.name))]

    def may_push(self, user: User, project: Project, branch: str) -> bool:
        """Say whether somebody may push to a branch: also through the API and as a merge without a merge request."""
        return self._allowed(user, project, branch, "push")

    def may_merge(self, user: User, project: Project, branch: str) -> bool:
        """Say whether somebody may merge into a branch. Who may push to it may merge as well."""
        return self._allowed(user, project, branch, "merge") or self.may_push(user, project, branch)

    def may_force(self, project: Project, branch: str) -> bool:
        """Say whether history on a branch may be rewritten: where no rule protects it, or one of several allows it."""
        rules = self.protections(project, branch)
        return not rules or any(rule.allow_force_push for rule in rules)

    def open_to(self, project: Project, branch: str, kind: str, level: int) -> bool:
        """Say whether everybody from a level on may do something with a protected branch."""
        given = [
            access
            for rule in self.protections(project, branch)
            for access in self._store.all(BranchAccess, protected_branch_id=rule.id, kind=kind)
        ]
        return any(access.access_level not in {None, NOBODY} and (access.access_level or ADMIN) <= level for access in given)

    def _allowed(self, user: User, project: Project, branch: str, kind: str) -> bool:
        level = self.level(user, project)
        if level < DEVELOPER:
            return False
        rules = self.protections(project, branch)
        if not rules:
            return True
        return any(
            self._entry_allows(access, user, level)
            for rule in rules
            for access in self._store.all(BranchAccess, protected_branch_id=rule.id, kind=kind)
        )

    def _entry_allows(self, access: BranchAccess, user: User, level: int) -> bool:
        if access.user_id is not None:
            return access.user_id == user.id
        if access.group_id is not None:
            return user.id in self.group_members(self._store.get(Namespace, access.group_id))
        return access.access_level not in {None, NOBODY} and level >= (access.access_level or ADMIN)


def _keep_highest(found: dict[int, Member], members: list[Member]) -> None:
    for member in members:
        known = found.get(member.user_id)
        if known is None or known.access_level < member.access_level:
            found[member.user_id] = member


def _pattern(name: str) -> str:
    """Give a rule's name as a pattern in which only `*` has a meaning; `*` reaches across slashes, as in GitLab."""
    return name.replace("[", "[[]").replace("?", "[?]")
