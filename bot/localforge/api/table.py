"""All routes of the API in one list. What is not in it is not spoken."""

from bot.localforge.api import (
    branches,
    commits,
    faults,
    files,
    groups,
    hooks,
    labels,
    members,
    merge_request_parts,
    merge_requests,
    notes,
    projects,
    protected_branches,
    tokens,
    users,
)
from bot.localforge.api.routing import Route

_NOUNS = (
    users, tokens, groups, projects, members, protected_branches, branches, commits, files, merge_requests, merge_request_parts,
    notes, labels, hooks, faults,
)  # fmt: skip


def routes() -> list[Route]:
    """Give all of them. Where two match, the first counts (`…/tokens/self` stands before `…/tokens/:token`)."""
    return [route for noun in _NOUNS for route in noun.routes()]
