"""Comments on merge requests, people's and the forge's own. Runs no quick actions; see `commands.py`."""

import secrets
from collections.abc import Sequence

from bot.localforge import payloads
from bot.localforge.change_entities import MergeRequest, Note
from bot.localforge.entities import Project, User
from bot.localforge.forge import Forge


def say(  # noqa: PLR0913 - two ways to be part of a thread
    forge: Forge, user: User, change: MergeRequest, body: str, *, discussion: str = "", threaded: bool = False
) -> Note:
    """Add somebody's comment and tell the webhooks."""
    note = _add(forge, user, change, body, discussion=discussion, threaded=threaded or bool(discussion))
    _announce(forge, user, change, note, "create")
    return note


def rewrite(forge: Forge, user: User, change: MergeRequest, note: Note, body: str) -> Note:
    """Give a comment other words and tell the webhooks."""
    note = forge.store.change(note, body=body, updated_at=forge.clock())
    _announce(forge, user, change, note, "update")
    return note


def remark(forge: Forge, user: User, change: MergeRequest, body: str) -> None:
    """Add a line of the forge's own about what somebody did. Webhooks are not told."""
    _add(forge, user, change, body, system=True)


def resolve(forge: Forge, user: User, notes: Sequence[Note], *, resolved: bool) -> list[Note]:
    """Mark a thread as settled, or as open again."""
    return [forge.store.change(note, resolved_by=user.id if resolved else None) for note in notes]


def threads(forge: Forge, change: MergeRequest) -> dict[str, list[Note]]:
    """Give all discussions of a merge request, oldest first."""
    found: dict[str, list[Note]] = {}
    for note in forge.store.all(Note, merge_request_id=change.id):
        found.setdefault(note.discussion_id, []).append(note)
    return found


def _add(  # noqa: PLR0913 - one for each field of a comment
    forge: Forge,
    user: User,
    change: MergeRequest,
    body: str,
    *,
    discussion: str = "",
    threaded: bool = False,
    system: bool = False,
) -> Note:
    now = forge.clock()
    return forge.store.add(
        Note,
        merge_request_id=change.id,
        author_id=user.id,
        discussion_id=discussion or secrets.token_hex(20),
        threaded=threaded,
        system=system,
        resolved_by=None,
        body=body,
        created_at=now,
        updated_at=now,
    )


def _announce(forge: Forge, user: User, change: MergeRequest, note: Note, action: str) -> None:
    project = forge.store.get(Project, change.project_id)
    forge.hooks.announce(project, "note", payloads.note(forge, user, change, note, action))
