"""What the buttons do. Each gives the path to go to afterwards; the session is the server's business."""

from bot.localforge import approving, commands, merging, talk
from bot.localforge.change_entities import MergeRequest
from bot.localforge.entities import User
from bot.localforge.errors import Refusal
from bot.localforge.merging import How
from bot.localforge.pages.visit import Visit
from bot.localforge.quick_actions import extract


def approve(visit: Visit) -> str:
    """Approve what was on the screen, not what may have been pushed since."""
    user, change = _both(visit)
    if visit.form.get("sha") != change.head:
        raise Refusal(409, "The merge request has changed while you were reading it. Look at it again before you approve.")
    if not approving.may_approve(visit.forge, user, change):
        raise Refusal(403, "You may not approve this merge request, or have done so already.")
    approving.approve(visit.forge, user, change)
    return _path(visit)


def revoke(visit: Visit) -> str:
    """Take one's approval back."""
    user, change = _both(visit)
    approving.unapprove(visit.forge, user, change)
    return _path(visit)


def merge(visit: Visit) -> str:
    """Merge what was on the screen."""
    user, change = _both(visit)
    try:
        merging.merge(visit.forge, user, change, How(sha=visit.form.get("sha", "") or "-", squash=change.squash))
    except Refusal as refusal:
        words = {401: "You may not merge into this branch.", 405: "It cannot be merged as it stands."}
        raise Refusal(refusal.status, words.get(refusal.status, refusal.message)) from None
    return _path(visit)


def comment(visit: Visit) -> str:
    """Comment, and run the quick actions in it."""
    user, change = _both(visit)
    body, actions = extract(visit.form.get("body", ""))
    commands.check(actions)
    ran = commands.run(visit.forge, user, change, actions, seen=visit.form.get("sha", ""))
    if body.strip():
        talk.say(visit.forge, user, ran.change, body)
    return f"{_path(visit)}#activity"


def _both(visit: Visit) -> tuple[User, MergeRequest]:
    if visit.user is None:
        raise Refusal(401, "Sign in first.")
    return visit.user, visit.change


def _path(visit: Visit) -> str:
    return f"/{visit.segments['project']}/-/merge_requests/{visit.segments['iid']}"
