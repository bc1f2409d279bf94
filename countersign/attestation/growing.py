"""The tree below `records` as it grows, record by record: its name is computed, never read.

Records come in the order of their places, so that each belongs at the end of its folder. Only the folders on the way to the
newest record are held; what is full and behind is one name in its parent.
"""

import hashlib
from collections.abc import Sequence


class Growing:
    """Grows by one file at a time."""

    def __init__(self) -> None:
        """Begin empty."""
        self._path: list[bytes] = []
        self._open: list[bytearray] = [bytearray()]

    def copy(self) -> "Growing":
        """Give another one that stands where this one stands."""
        other = Growing()
        other._path, other._open = list(self._path), [bytearray(folder) for folder in self._open]
        return other

    def put(self, folders: Sequence[bytes], name: bytes, blob: bytes) -> None:
        """Put a file into a folder below `records`; `blob` is its object's name in 20 bytes."""
        same = 0
        for here, there in zip(self._path, folders, strict=False):
            if here != there:
                break
            same += 1
        while len(self._path) > same:
            closed = _name(self._open.pop())
            self._open[-1] += b"40000 %b\0%b" % (self._path.pop(), closed)
        for folder in folders[same:]:
            self._path.append(folder)
            self._open.append(bytearray())
        self._open[-1] += b"100644 %b\0%b" % (name, blob)

    def name(self) -> bytes:
        """Give the name of the tree as it stands now, in 20 bytes."""
        found = _name(self._open[-1])
        for folder, inner in zip(reversed(self._open[:-1]), reversed(self._path), strict=True):
            found = _name(folder + b"40000 %b\0%b" % (inner, found))
        return found


def _name(tree: bytes | bytearray) -> bytes:
    made = hashlib.sha1(b"tree %d\0" % len(tree), usedforsecurity=False)
    made.update(tree)
    return made.digest()
