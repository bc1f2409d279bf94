"""Commits made through the API: actions on files, applied to a tree without any checkout. Moves no ref."""

import base64
import binascii
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.localforge.gitstore import EMPTY_TREE, Repository

_MODES = {False: "100644", True: "100755"}
_GONE = "000000"


class ActionError(ValueError):
    """An action cannot be done; the text is GitLab's wording."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do with one file. `content` None keeps what is there (`move`, `chmod`)."""

    do: str
    path: str
    previous_path: str
    content: bytes | None
    executable: bool
    last_commit: str


def read_action(given: Mapping[str, object]) -> Action:
    """Read an action as the API takes it.

    Raises:
        ActionError: it is not one.
    """
    unknown = set(given) - {"action", "file_path", "previous_path", "content", "encoding", "last_commit_id", "execute_filemode"}
    if unknown:
        raise ActionError(f"the embedded forge does not know {', '.join(sorted(unknown))} in an action")
    do, path = given.get("action"), given.get("file_path")
    if do not in {"create", "update", "delete", "move", "chmod"}:
        raise ActionError("actions[action] does not have a valid value")
    return Action(
        do=str(do),
        path=_path(path),
        previous_path=_path(given["previous_path"]) if given.get("previous_path") else "",
        content=_content(given.get("content"), given.get("encoding")),
        executable=given.get("execute_filemode") is True,
        last_commit=str(given.get("last_commit_id") or ""),
    )


def apply(repository: Repository, base: str | None, actions: Sequence[Action]) -> str:
    """Give the tree that the actions make of a commit's (or of nothing).

    Raises:
        ActionError: one of them cannot be done.
    """
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        repository.git("read-tree", base or EMPTY_TREE, environment=index)
        for action in actions:
            _apply(repository, index, action, base)
        return repository.git("write-tree", environment=index).decode().strip()


def _apply(repository: Repository, index: Mapping[str, str], action: Action, base: str | None) -> None:
    there = _staged(repository, index, action.path)
    if action.last_commit and base and repository.log(base, most=1, path=action.path)[0].sha != action.last_commit:
        raise ActionError(f"The file has changed since you started editing it: {action.path}")
    if action.do in {"create", "move"}:
        if there is not None or _is_folder(repository, index, action.path):
            raise ActionError("A file with this name already exists")
    elif there is None:
        raise ActionError("A file with this name doesn't exist")
    if action.do == "move":
        there = _staged(repository, index, action.previous_path)
        if there is None:
            raise ActionError("A file with this name doesn't exist")
        _stage(repository, index, _GONE, "0" * 40, action.previous_path)
    if action.do == "delete":
        _stage(repository, index, _GONE, "0" * 40, action.path)
        return
    mode, blob = there or (_MODES[action.executable], "")
    if action.do == "chmod":
        mode = _MODES[action.executable]
    elif action.content is not None or action.do != "move":
        blob = repository.git("hash-object", "-w", "--stdin", stdin=action.content or b"").decode().strip()
    _stage(repository, index, mode, blob, action.path)


def _stage(repository: Repository, index: Mapping[str, str], mode: str, blob: str, path: str) -> None:
    repository.git("update-index", "-z", "--index-info", stdin=f"{mode} {blob}\t{path}\0".encode(), environment=index)
    if mode != _GONE and _staged(repository, index, path) is None:
        raise ActionError("The file path is not one that git takes")


def _staged(repository: Repository, index: Mapping[str, str], path: str) -> tuple[str, str] | None:
    written = repository.git("ls-files", "-z", "--stage", "--", f":(literal){path}", environment=index).decode(errors="replace")
    for line in written.split("\0")[:-1]:
        meta, _, name = line.partition("\t")
        if name == path:
            mode, blob, _ = meta.split()
            return mode, blob
    return None


def _is_folder(repository: Repository, index: Mapping[str, str], path: str) -> bool:
    return bool(repository.git("ls-files", "-z", "--", f":(literal){path}/", environment=index))


def _path(given: object) -> str:
    if not isinstance(given, str) or not given.strip("/"):
        raise ActionError("You must provide a file path")
    path = given.strip("/")
    if any(part in {"", ".", ".."} or part.lower() == ".git" for part in path.split("/")) or "\0" in path:
        raise ActionError("The file path is not valid")
    return path


def _content(given: object, encoding: object) -> bytes | None:
    if given is None:
        return None
    if encoding not in {None, "text", "base64"}:
        raise ActionError("actions[encoding] does not have a valid value")
    if encoding != "base64":
        return str(given).encode()
    try:
        return base64.b64decode(str(given), validate=False)
    except binascii.Error:
        raise ActionError("actions[content] is not base64") from None
