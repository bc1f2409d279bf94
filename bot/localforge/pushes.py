"""Judges pushes: reads from the request which refs are to move, and tells git's pre-receive hook what to refuse and why."""

import gzip
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from bot.localforge.access import Access
from bot.localforge.entities import Project, User
from bot.localforge.gitstore import NOTHING, Moved

_HOOK = """#!/bin/sh
# Written by the embedded forge. LOCALFORGE_REFUSAL says no to all; LOCALFORGE_KEEP names refs whose history stays.
if [ -n "$LOCALFORGE_REFUSAL" ]; then
    echo "GitLab: $LOCALFORGE_REFUSAL" >&2
    exit 1
fi
while read -r old new ref; do
    case " $LOCALFORGE_KEEP " in
    *" $ref "*)
        if ! git merge-base --is-ancestor "$old" "$new"; then
            echo "GitLab: You are not allowed to force push code to a protected branch on this project." >&2
            exit 1
        fi
        ;;
    esac
done
"""
_LENGTH = 4
_FIELDS = 3


class UnreadablePushError(ValueError):
    """The request is no push that can be read, so it is not let through."""


def write_hook(folder: Path) -> None:
    """Write the hook that every repository of the forge uses (`core.hooksPath`)."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pre-receive"
    path.write_text(_HOOK)
    path.chmod(0o755)


def read_moves(body: IO[bytes], *, gzipped: bool) -> list[Moved]:
    """Read the refs that a `git-receive-pack` request is to move, from its beginning; the position is not kept.

    Raises:
        UnreadablePushError: it does not begin as the protocol says.
    """
    stream: IO[bytes] = gzip.GzipFile(fileobj=body) if gzipped else body  # type: ignore[assignment]  # reads like one
    moves: list[Moved] = []
    try:
        while line := _line(stream):
            words = line.partition(b"\0")[0].decode().split()
            if words and words[0] in {"shallow", "push-cert"}:
                raise UnreadablePushError(f"{words[0]} is not spoken here")
            if len(words) != _FIELDS:
                raise UnreadablePushError("a command is not of the known form")
            moves.append(Moved(words[2], words[0], words[1]))
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise UnreadablePushError(str(error)) from None
    return moves


def verdict(access: Access, user: User, project: Project, moves: Sequence[Moved]) -> Mapping[str, str]:
    """Give what the hook is to know."""
    keep: list[str] = []
    for moved in moves:
        branch = moved.ref.removeprefix("refs/heads/")
        if branch == moved.ref:
            if not moved.ref.startswith("refs/tags/"):
                return {"LOCALFORGE_REFUSAL": f"The embedded forge takes branches and tags, not {moved.ref}."}
            continue
        if branch == "HEAD":
            return {"LOCALFORGE_REFUSAL": "A branch named HEAD would be taken for the repository's own HEAD."}
        if not access.may_push(user, project, branch):
            return {"LOCALFORGE_REFUSAL": "You are not allowed to push code to protected branches on this project."}
        protected = bool(access.protections(project, branch))
        if moved.new == NOTHING and (protected or branch == project.default_branch):
            return {"LOCALFORGE_REFUSAL": "You can only delete protected branches using the web interface."}
        if NOTHING not in {moved.old, moved.new} and not access.may_force(project, branch):
            keep.append(moved.ref)
    return {"LOCALFORGE_KEEP": " ".join(keep)}


def _line(stream: IO[bytes]) -> bytes:
    """Read one pkt-line; empty at a flush."""
    prefix = stream.read(_LENGTH)
    length = int(prefix, 16)
    if length == 0:
        return b""
    line = stream.read(length - _LENGTH) if length > _LENGTH else b""
    if len(prefix) != _LENGTH or len(line) != length - _LENGTH:
        raise UnreadablePushError("the request ends too early")
    return line.rstrip(b"\n")
