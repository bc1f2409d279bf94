"""Runs quick actions as the account that wrote them. GitLab does so with every description and comment, a bot's too (attack 44)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.localforge import approving, changes, merging
from bot.localforge.access import DEVELOPER, REPORTER, Access
from bot.localforge.change_entities import MergeRequest
from bot.localforge.changes import Edit
from bot.localforge.entities import Project, User
from bot.localforge.errors import Refusal
from bot.localforge.forge import Forge
from bot.localforge.merging import How
from bot.localforge.quick_actions import KNOWN_ELSEWHERE, Command
from bot.localforge.titles import as_draft, as_ready

_LABEL = re.compile(r'~"([^"]+)"|~(\S+)|(\S+)')


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of the quick actions: the merge request as it is now, and a sentence for each."""

    change: MergeRequest
    said: tuple[str, ...]


def check(commands: Sequence[Command]) -> None:
    """Refuse what GitLab would run and this forge cannot.

    Raises:
        Refusal: there is such a quick action.
    """
    unknown = sorted({command.name for command in commands if command.name in KNOWN_ELSEWHERE})
    if unknown:
        raise Refusal(400, f"the embedded forge does not run {', '.join(f'/{name}' for name in unknown)}")


def run(forge: Forge, user: User, change: MergeRequest, commands: Sequence[Command], *, seen: str = "") -> Ran:
    """Run them in order. What the account may not do is said, not done. `seen` is the head that its author had on the screen."""
    said: list[str] = []
    for command in commands:
        change = forge.store.get(MergeRequest, change.id)
        try:
            _run(forge, user, change, command, seen)
            said.append(f"/{command.name}: done.")
        except Refusal as refusal:
            said.append(f"Could not apply {command.name} command: {refusal.message}")
    return Ran(forge.store.get(MergeRequest, change.id), tuple(said))


def _run(forge: Forge, user: User, change: MergeRequest, command: Command, seen: str) -> None:
    level = Access(forge.store).level(user, forge.store.get(Project, change.project_id))
    if level < (REPORTER if "label" in command.name else DEVELOPER) and user.id != change.author_id:
        raise Refusal(403, "403 Forbidden")
    match command.name:
        case "approve":
            approving.approve(forge, user, change)
        case "unapprove":
            approving.unapprove(forge, user, change)
        case "merge":
            if seen != change.head:  # GitLab merges nothing that its author may not have seen
                raise Refusal(409, "the head that was looked at is not named, or is another one")
            merging.merge(forge, user, change, How(sha=seen))
        case "close" | "reopen":
            changes.set_state(forge, user, change, command.name)
        case _:
            changes.edit(forge, user, change, _edit(change, command))


def _edit(change: MergeRequest, command: Command) -> Edit:
    names = [next(filter(None, parts)) for parts in _LABEL.findall(command.argument)]
    edits = {
        "label": Edit(labels=[*change.labels, *names]),
        "labels": Edit(labels=[*change.labels, *names]),
        "unlabel": Edit(labels=[label for label in change.labels if names and label not in names]),
        "remove_label": Edit(labels=[label for label in change.labels if names and label not in names]),
        "relabel": Edit(labels=names),
        "title": Edit(title=command.argument),
        "draft": Edit(title=as_draft(change.title)),
        "ready": Edit(title=as_ready(change.title)),
        "target_branch": Edit(target_branch=command.argument),
    }
    return edits[command.name]
