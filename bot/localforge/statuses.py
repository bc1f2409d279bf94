"""Commit statuses, with the transitions that GitLab allows. Knows no HTTP."""

from dataclasses import dataclass

from bot.localforge.change_entities import CommitStatus
from bot.localforge.entities import Project, User
from bot.localforge.errors import Refusal
from bot.localforge.forge import Forge

STATES = ("pending", "running", "success", "failed", "canceled", "skipped")
_OPEN = ("pending", "running")
_EVENTS = {"pending": "enqueue", "running": "run", "success": "success", "failed": "drop", "canceled": "cancel", "skipped": "skip"}
_IMPOSSIBLE = {("pending", "pending"), ("running", "pending"), ("running", "running"), ("running", "skipped")}
"""From and to. GitLab has no way back from running, and no way to say the same again."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says of a commit."""

    sha: str
    ref: str
    name: str
    state: str
    description: str | None
    target_url: str | None


def tell(forge: Forge, user: User, project: Project, told: Told) -> CommitStatus:
    """Keep a status. One's own pending or running one of the same name goes on; after its end a new one begins.

    Raises:
        Refusal: GitLab allows no such transition; nothing is changed then, not even the description.
    """
    own = forge.store.all(
        CommitStatus, project_id=project.id, sha=told.sha, ref=told.ref, name=told.name, author_id=user.id
    )  # fmt: skip
    going = next((status for status in reversed(own) if status.status in _OPEN), None)
    now = forge.clock()
    if going is not None and (going.status, told.state) in _IMPOSSIBLE:
        event = _EVENTS[told.state]
        raise Refusal(
            400, f'Cannot transition status via :{event} from :{going.status} (Reason(s): Status cannot transition via "{event}")'
        )
    values: dict[str, object] = {"status": told.state, "finished_at": None if told.state in _OPEN else now}
    if going is not None:
        values |= {"description": told.description} if told.description is not None else {}
        values |= {"target_url": told.target_url} if told.target_url is not None else {}
        started = going.started_at or (now if told.state == "running" else None)
        return forge.store.change(going, **values, started_at=started)
    return forge.store.add(
        CommitStatus,
        project_id=project.id,
        sha=told.sha,
        ref=told.ref,
        name=told.name,
        description=told.description,
        target_url=told.target_url,
        author_id=user.id,
        created_at=now,
        started_at=now if told.state == "running" else None,
        **values,
    )


def latest(forge: Forge, project: Project, sha: str) -> list[CommitStatus]:
    """Give the newest status of each name."""
    found = {status.name: status for status in forge.store.all(CommitStatus, project_id=project.id, sha=sha)}
    return sorted(found.values(), key=lambda status: status.id)


def overall(forge: Forge, project: Project, sha: str) -> str:
    """Give what all statuses together say, as a pipeline would; empty where there is none."""
    states = {status.status for status in latest(forge, project, sha)}
    for state in ("failed", "running", "pending", "canceled"):
        if state in states:
            return state
    return "success" if states else ""
