"""Names of git objects, computed as git does. Holds nothing; `repository.py` keeps the objects."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from countersign.domain.ids import Sha

REGULAR, EXECUTABLE, SYMLINK, SUBMODULE = "100644", "100755", "120000", "160000"


@dataclass(frozen=True, slots=True)
class File:
    """One entry of a tree. A symlink's data is its target; a submodule's data is the commit's name in hexadecimal."""

    data: bytes
    mode: str = REGULAR

    @property
    def name(self) -> Sha:
        """Give the object's name."""
        return Sha(self.data.decode()) if self.mode == SUBMODULE else object_name("blob", self.data)

    @property
    def binary(self) -> bool:
        """Say whether git would call it binary: a NUL among the first 8,000 bytes."""
        return b"\0" in self.text[:8000]

    @property
    def text(self) -> bytes:
        """Give what git compares line by line."""
        return b"Subproject commit " + self.data + b"\n" if self.mode == SUBMODULE else self.data


def object_name(kind: str, body: bytes) -> Sha:
    """Name an object by its contents."""
    return Sha(hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest())


def tree_name(files: Mapping[str, File]) -> Sha:
    """Name the tree that holds these paths."""
    here: dict[str, tuple[str, Sha]] = {}
    below: dict[str, dict[str, File]] = {}
    for path, file in files.items():
        first, slash, rest = path.partition("/")
        if slash:
            below.setdefault(first, {})[rest] = file
        else:
            here[first] = (file.mode, file.name)
    here.update({name: ("40000", tree_name(inner)) for name, inner in below.items()})
    order = sorted(here, key=lambda name: (name + "/" if here[name][0] == "40000" else name).encode())
    body = b"".join(f"{here[name][0]} {name}\0".encode() + bytes.fromhex(here[name][1]) for name in order)
    return object_name("tree", body)
