"""Finds quick actions in a text (`/approve` at the beginning of a line). Pure; runs none.

As GitLab does: carriage returns do not count, case does not matter, and what stands in code, quotes or HTML blocks is only text.
"""

import re
from dataclasses import dataclass

RUN_HERE = frozenset(
    {
        "approve",
        "unapprove",
        "merge",
        "close",
        "reopen",
        "label",
        "labels",
        "unlabel",
        "remove_label",
        "relabel",
        "title",
        "draft",
        "ready",
        "target_branch",
    }
)
"""Those that this forge runs."""

KNOWN_ELSEWHERE = frozenset(
    {
        "assign",
        "assign_reviewer",
        "award",
        "clear_milestone",
        "copy_metadata",
        "done",
        "due",
        "estimate",
        "lock",
        "milestone",
        "react",
        "reassign",
        "reassign_reviewer",
        "rebase",
        "remove_estimate",
        "remove_milestone",
        "remove_time_spent",
        "request_changes",
        "request_review",
        "reviewer",
        "ship",
        "spend",
        "submit_review",
        "subscribe",
        "todo",
        "unassign",
        "unassign_reviewer",
        "unlock",
        "unsubscribe",
    }
)
"""Those that GitLab runs on merge requests and this forge does not: it refuses them, so that they are not taken for text."""

_COMMAND = re.compile(r"/([A-Za-z_]+)(?:[ ]([^\n]*?))?\s*")
_FENCE = re.compile(r"(`{3,}|~{3,}).*")
_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9]*)[^>]*>\s*")


@dataclass(frozen=True, slots=True)
class Command:
    """One quick action, its name in lower case."""

    name: str
    argument: str


def extract(text: str) -> tuple[str, list[Command]]:
    """Give the text without its quick actions, and the quick actions in order."""
    kept: list[str] = []
    found: list[Command] = []
    end: re.Pattern[str] | None = None
    for line in text.replace("\r", "").split("\n"):
        if end is not None:
            end = None if end.fullmatch(line) else end
            kept.append(line)
            continue
        end = _opens(line)
        command = None if end else _command(line)
        if command is None:
            kept.append(line)
        else:
            found.append(command)
    return "\n".join(kept).rstrip(), found


def _opens(line: str) -> re.Pattern[str] | None:
    """Give what ends the block that a line opens, if it opens one."""
    if fence := _FENCE.fullmatch(line):
        mark = fence[1]
        return re.compile(rf"{re.escape(mark[0])}{{{len(mark)},}}\s*")
    if line.rstrip() == ">>>":
        return re.compile(r">>>\s*")
    if (tag := _TAG.fullmatch(line)) and not line.rstrip().endswith("/>"):
        return re.compile(rf"</{re.escape(tag[1])}>\s*", re.IGNORECASE)
    return None


def _command(line: str) -> Command | None:
    parts = _COMMAND.fullmatch(line)
    if parts is None or parts[1].lower() not in RUN_HERE | KNOWN_ELSEWHERE:
        return None
    return Command(parts[1].lower(), (parts[2] or "").strip())
