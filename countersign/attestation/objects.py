"""git's objects as bytes: their names, and trees read strictly.

A name is always computed from the bytes, never believed: an object whose bytes do not give its name is treated as not there.
Does not read a repository; `Source` is whatever gives the bytes.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from countersign.domain.ids import MalformedError, Sha

ObjectKind = Literal["blob", "tree", "commit"]
FILE, FOLDER = "100644", "40000"
_ID_BYTES = 20
_ENTRY = re.compile(rb"(?P<mode>[1-7][0-7]{4,5}) (?P<name>[^\0/]+)\0(?P<id>.{20})", re.DOTALL)


class Source(Protocol):
    """Gives objects by name."""

    def read(self, name: Sha) -> tuple[str, bytes] | None:
        """Give an object's kind and bytes; None where there is no such object, or none that can be read."""
        ...


class TreeEntry(NamedTuple):
    """What a tree says of one name: mode (`100644` a file, `40000` a folder) and object."""

    mode: str
    object: Sha


Tree = Mapping[str, TreeEntry]


class Folder(NamedTuple):
    """A tree, in git's order, and the bytes that git has for it."""

    tree: Tree
    raw: bytes


Objects = dict[Sha, tuple[ObjectKind, bytes]]


@dataclass(frozen=True, slots=True)
class Overlay:
    """Objects that are not stored yet, on top of a source. Remembers trees, so that a batch takes each apart once.

    Whoever puts an object into `objects` has computed its name from its bytes.
    """

    objects: Objects
    below: Source
    folders: dict[Sha, "Folder"] = field(default_factory=dict)

    def read(self, name: Sha) -> tuple[str, bytes] | None:
        """Give an object from above, else from below."""
        return self.objects.get(name) or self.below.read(name)

    def made(self, name: Sha) -> tuple[ObjectKind, bytes] | None:
        """Give an object that is not stored yet: nobody could have changed it since it got its name."""
        return self.objects.get(name) or (self.below.made(name) if isinstance(self.below, Overlay) else None)

    def folder(self, name: Sha) -> "Folder":
        """Give a tree and its bytes by its name.

        Raises:
            MalformedError: it is missing or not as git writes it.
        """
        layer: Source = self
        while isinstance(layer, Overlay):
            if name in layer.folders:
                return layer.folders[name]
            layer = layer.below
        raw = read_object(self, name, "tree")
        self.folders[name] = Folder(parse_tree(raw), raw)
        return self.folders[name]


def object_name(kind: ObjectKind, data: bytes) -> Sha:
    """Compute the name that git gives to these bytes."""
    return Sha(hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest())


def read_object(source: Source, name: Sha, kind: ObjectKind) -> bytes:
    """Give the bytes of an object, its name computed anew from them if they were stored.

    Raises:
        MalformedError: it is not there, of another kind, or its bytes do not give its name.
    """
    made = source.made(name) if isinstance(source, Overlay) else None
    found = made or source.read(name)
    if found is None:
        raise MalformedError(f"{kind} {name} is missing or cannot be read")
    if found[0] != kind or (made is None and object_name(kind, found[1]) != name):
        raise MalformedError(f"{kind} {name} does not hold what its name says")
    return found[1]


def parse_tree(data: bytes) -> Tree:
    """Read a tree's entries, in git's order.

    Raises:
        MalformedError: not a tree as git writes it, or a name that is not UTF-8.
    """
    entries: dict[str, TreeEntry] = {}
    at, before = 0, b""
    while at < len(data):
        found = _ENTRY.match(data, at)
        if found is None:
            raise MalformedError("a tree is not of git's form")
        mode, name = found["mode"].decode(), found["name"]
        order = _order(name, mode)
        try:
            text = name.decode()
        except UnicodeDecodeError:
            raise MalformedError("a tree holds a name that is not UTF-8") from None
        if order <= before or text in entries:
            raise MalformedError("a tree is not in git's order, or names something twice")
        entries[text] = TreeEntry(mode, Sha(found["id"].hex()))
        at, before = found.end(), order
    return entries


def format_tree(tree: Tree) -> bytes:
    """Write a tree as git does."""
    ordered = sorted((_order(name.encode(), entry.mode), name, entry) for name, entry in tree.items())
    return b"".join(_entry(name, entry) for _, name, entry in ordered)


def _order(name: bytes, mode: str) -> bytes:
    """Give what git sorts by: the name of a folder as if it ended in a slash."""
    return name + b"/" if mode == FOLDER else name


def added_files(source: Source, old: Tree, new: Tree, *, prefix: str = "", limit: int = 8) -> dict[str, TreeEntry]:
    """Give the files, by path, that the new tree has and the old one has not.

    Raises:
        MalformedError: something was changed or removed, more than `limit` files were added, or an object is not as it should be.
    """
    if not old.keys() <= new.keys():
        removed = next(name for name in old if name not in new)
        raise MalformedError(f"{prefix + removed!r} was removed")
    added: dict[str, TreeEntry] = {}
    for name, entry in [item for item in new.items() if old.get(item[0]) != item[1]]:  # a tree is in git's order
        before, path = old.get(name), prefix + name
        if entry.mode != FOLDER or (before is not None and before.mode != FOLDER):
            if before is not None:
                raise MalformedError(f"{path!r} was changed")
            added[path] = entry
        else:
            inner_old: Tree = {} if before is None else read_tree(source, before.object)
            inner_new = read_tree(source, entry.object)
            if not inner_new:
                raise MalformedError(f"{path!r} is an empty folder")
            added |= added_files(source, inner_old, inner_new, prefix=f"{path}/", limit=limit - len(added))
        if len(added) > limit:
            raise MalformedError(f"more than {limit} files were added at once")
    return added


def read_tree(source: Source, name: Sha) -> Tree:
    """Give a tree by its name.

    Raises:
        MalformedError: it is missing or not as git writes it.
    """
    return source.folder(name).tree if isinstance(source, Overlay) else parse_tree(read_object(source, name, "tree"))


def insert(
    source: Source, root: Tree, files: Iterable[tuple[str, bytes]], *, anew: Mapping[str, bytes] | None = None
) -> tuple[Sha, Objects]:
    """Put new files into a tree; give the new root's name and the objects that have to be stored.

    `anew` are files at the top that may be there already and are replaced.

    Raises:
        MalformedError: a tree on the way cannot be read, or a path is taken.
    """
    made, top = Overlay({}, source), Folder(root, format_tree(root))
    for path, data in files:
        top = _with(made, top, path.split("/"), data)
    if anew:
        replaced = {name: TreeEntry(FILE, _store(made.objects, "blob", data)) for name, data in anew.items()}
        top = _written({**top.tree, **replaced})
    name = _store(made.objects, "tree", top.raw)
    made.folders[name] = top
    if isinstance(source, Overlay):
        source.folders.update(made.folders)
    return name, made.objects


def _with(made: Overlay, folder: Folder, path: list[str], data: bytes) -> Folder:
    """Give a folder with a new file in it."""
    first, *rest = path
    before = folder.tree.get(first)
    if not rest:
        if before is not None:
            raise MalformedError(f"{first!r} is there already")
        entry = TreeEntry(FILE, _store(made.objects, "blob", data))
    else:
        inner = _with(made, Folder({}, b"") if before is None else made.folder(before.object), rest, data)
        entry = TreeEntry(FOLDER, _store(made.objects, "tree", inner.raw))
        made.folders[entry.object] = inner
    changed = {**folder.tree, first: entry}
    raw = _rewritten(folder, first, entry)
    return _written(changed) if raw is None else Folder(changed, raw)


def _written(tree: Tree) -> Folder:
    """Put a tree into git's order."""
    raw = format_tree(tree)
    return Folder(parse_tree(raw), raw)


def _rewritten(folder: Folder, name: str, entry: TreeEntry) -> bytes | None:
    """Give a folder's bytes with an entry added or replaced at its end, where most are; None where it belongs elsewhere."""
    if not folder.tree:
        return None
    last = list(folder.tree)[-1]
    mode = folder.tree[last].mode
    if last == name:
        return folder.raw[:-_ID_BYTES] + bytes.fromhex(entry.object) if mode == entry.mode else None
    goes_last = name not in folder.tree and _order(name.encode(), entry.mode) > _order(last.encode(), mode)
    return folder.raw + _entry(name, entry) if goes_last else None


def _entry(name: str, entry: TreeEntry) -> bytes:
    return f"{entry.mode} {name}\0".encode() + bytes.fromhex(entry.object)


def _store(objects: Objects, kind: ObjectKind, data: bytes) -> Sha:
    name = object_name(kind, data)
    objects[name] = (kind, data)
    return name
