"""Reads many blobs by two git processes: their sizes first, then the contents of those that are wanted. Bounds are the caller's."""

import re
from collections.abc import Collection, Mapping

from countersign.adapters.gitmirror import Mirror
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault

_SIZE = re.compile(rb"([0-9a-f]{40}) blob (\d+)")
_HEAD = re.compile(rb"([0-9a-f]{40}) blob (\d+)\n")


def sizes_of(mirror: Mirror, blobs: Collection[Sha]) -> Mapping[Sha, int]:
    """Give the size of each blob, in bytes.

    Raises:
        GitFault: one of them was not fetched, or is no blob.
    """
    if not blobs:
        return {}
    asked = "".join(f"{blob}\n" for blob in sorted(blobs)).encode()
    answers = mirror.run(["cat-file", "--batch-check"], stdin=asked).split(b"\n")[:-1]
    sizes = (_SIZE.fullmatch(answer) for answer in answers)
    found = {Sha(size[1].decode()): int(size[2]) for size in sizes if size is not None}
    if found.keys() != set(blobs):
        raise GitFault("a blob of the change was not fetched")
    return found


def contents_of(mirror: Mirror, blobs: Collection[Sha]) -> Mapping[Sha, bytes]:
    """Give the contents of each blob.

    Raises:
        GitFault: one of them was not fetched, is no blob, or came cut short.
    """
    if not blobs:
        return {}
    asked = "".join(f"{blob}\n" for blob in sorted(blobs)).encode()
    answer = mirror.run(["cat-file", "--batch"], stdin=asked)
    found: dict[Sha, bytes] = {}
    position = 0
    while position < len(answer):
        head = _HEAD.match(answer, position)
        if head is None:
            raise GitFault("a blob of the change was not fetched")
        end = head.end() + int(head[2])
        found[Sha(head[1].decode())] = answer[head.end() : end]
        position = end + 1
    if found.keys() != set(blobs) or position != len(answer):
        raise GitFault("git cat-file cut a blob short")
    return found
