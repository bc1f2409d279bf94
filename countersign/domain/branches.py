"""What a branch may be called: git's rules (git-check-ref-format), so that a name can stand in a command."""

import re

_NAME = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]+")
_MAX = 200


def is_branch_name(name: str) -> bool:
    """Say whether a branch can have this name. Stricter than git in one thing: at most 200 characters."""
    return (
        _NAME.fullmatch(name) is not None
        and len(name) <= _MAX
        and not name.startswith("-")
        and not name.endswith(".")
        and ".." not in name
        and "@{" not in name
        and name not in {"@", "HEAD"}
        and all(part and not part.startswith(".") and not part.endswith(".lock") for part in name.split("/"))
    )
