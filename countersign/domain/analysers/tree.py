"""Structured text as a tree that knows its lines: what YAML, JSON and TOML have in common. Holds; does not read (`structured`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_LONGEST_VALUE = 200
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as it is written, quotes only where it would be another without them."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Mapped:
    """Keys and values."""

    items: Mapping[str, "Tree"] = field(default_factory=dict)
    line: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """Values in their order."""

    items: Sequence["Tree"] = ()
    line: int = 1


Tree = Scalar | Mapped | Listed


def leaves(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Scalar]]:
    """Give every value with its key path. Items of a list go by their `name` where all have one, else by number."""
    match tree:
        case Scalar():
            yield prefix, Scalar(tree.text[:_LONGEST_VALUE], tree.line)
        case Mapped():
            if not tree.items:
                yield prefix, Scalar("{}", tree.line)
            for key, item in tree.items.items():
                yield from leaves(item, f"{prefix}.{_key(key)}" if prefix else _key(key))
        case Listed():
            if not tree.items:
                yield prefix, Scalar("[]", tree.line)
            for name, item in zip(names_of(tree), tree.items, strict=True):
                yield from leaves(item, f"{prefix}[{name}]")


def names_of(listed: Listed) -> Sequence[str]:
    """Name the items of a list so that one that is put in before the others does not make all of them new."""
    names = [text_at(item, "name") or "" for item in listed.items]
    if all(0 < len(name) <= _LONGEST_NAME for name in names) and len(set(names)) == len(names):
        return names
    return [str(number) for number in range(len(names))]


def at(tree: Tree | None, *path: str) -> Tree | None:
    """Give what stands at a path of keys; None where nothing does."""
    for key in path:
        if not isinstance(tree, Mapped):
            return None
        tree = tree.items.get(key)
    return tree


def text_at(tree: Tree | None, *path: str) -> str | None:
    """Give the value at a path of keys; None where there is none or it is no single value."""
    found = at(tree, *path)
    return found.text if isinstance(found, Scalar) else None


def line_of(tree: Tree | None) -> int:
    """Give the line of a part; 1 where there is none."""
    return 1 if tree is None else tree.line


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else f'"{key[:_LONGEST_VALUE]}"'
