"""What a merge request's title says: draft or not."""

import re

_DRAFT = re.compile(r"(?i)\s*(?:draft:|\[draft\]|\(draft\))\s*")


def is_draft(title: str) -> bool:
    """Say whether the title marks a draft."""
    return _DRAFT.match(title) is not None  # the mark stands at the beginning; what follows is free


def as_draft(title: str) -> str:
    """Mark a title."""
    return title if is_draft(title) else f"Draft: {title}"


def as_ready(title: str) -> str:
    """Take all marks off a title."""
    while is_draft(title):
        title = _DRAFT.sub("", title, count=1)
    return title
