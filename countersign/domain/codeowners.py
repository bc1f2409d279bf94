"""CODEOWNERS as a source of owners: for each path the owners of the last line that matches, as on the forges.

Takes what GitLab and GitHub share, and GitLab's sections, each of which asks for itself. What it cannot read the same way as
the forge (exclusions, ranges, other backslashes) makes the whole file unreadable. Does not ask who is in a group.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from countersign.domain.glob_index import GlobIndex
from countersign.domain.globs import check_glob
from countersign.domain.ids import MalformedError

LARGEST = 256 * 1024
_MOST_LINES = 5000
_SECTION = re.compile(r"\^?\[([^\[\]]{1,200})\](?:\[([1-9][0-9]?)\])?((?:\s+\S+)*)\s*")
_GROUP = re.compile(r"@[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_ACCOUNT = re.compile(r"@[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """Who may approve: everybody in a group, one account, or whoever owns an address."""

    kind: Literal["group", "account", "email"]
    name: str

    @property
    def label(self) -> str:
        """Name whom is meant, for the record; an address goes on none."""
        return {"group": self.name, "account": f"@{self.name}", "email": "an address"}[self.kind]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question for a path: `count` people out of the owners. `name` shows them."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class _Section:
    """One list of lines, with its default owners and how many of them are asked."""

    count: int
    defaults: tuple[Owner, ...]
    patterns: list[tuple[str, ...]]
    owners: list[tuple[Owner, ...]]


class CodeOwners:
    """One file, read whole."""

    __slots__ = ("_sections", "who")

    def __init__(self, sections: Iterable[_Section]) -> None:
        """Compile the sections that have lines."""
        self._sections = tuple((section, GlobIndex(section.patterns)) for section in sections if section.patterns)
        self.who: Mapping[str, tuple[Owner, ...]] = {
            _named(owners): owners for section, _ in self._sections for owners in section.owners
        }
        """The owners behind each name that `asks` gives."""

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read the file.

        Raises:
            MalformedError: it is too large, no UTF-8, or a line cannot be read. The text names the line.
        """
        if len(data) > LARGEST:
            raise MalformedError(f"more than {LARGEST} bytes")
        try:
            lines = data.decode().splitlines()
        except UnicodeDecodeError:
            raise MalformedError("not UTF-8 text") from None
        if len(lines) > _MOST_LINES:
            raise MalformedError(f"more than {_MOST_LINES} lines")
        sections = [_Section(1, (), [], [])]
        for number, line in enumerate(lines, start=1):
            try:
                _take(line.strip(), sections)
            except MalformedError as error:
                raise MalformedError(f"line {number}: {error}") from None
        return cls(sections)

    def asks(self, path: str) -> tuple[Ask, ...]:
        """Give who is asked for a path; nobody where no line names an owner for it."""
        found = ((section, index.match(path)) for section, index in self._sections)
        return tuple(
            Ask(_named(section.owners[numbers[-1]]), section.count)
            for section, numbers in found
            if numbers and section.owners[numbers[-1]]
        )


def _take(line: str, sections: list[_Section]) -> None:
    """Take one line into the section that it belongs to, or begin one. A section whose name stands twice asks twice."""
    if not line or line.startswith("#"):
        return
    section = _SECTION.fullmatch(line)
    if section is not None:
        sections.append(_Section(int(section[2] or 1), _owners(section[3].split()), [], []))
        return
    if line.startswith(("!", "[", "^[")):
        raise MalformedError("exclusions, ranges and broken section headers are not read")
    pattern, *owners = re.sub(r"\s#.*", "", line.replace("\\ ", "\0")).split()
    globs = _globs(pattern.replace("\0", " ").replace("\\#", "#"))
    for glob in globs:
        check_glob(glob)
    sections[-1].patterns.append(globs)
    sections[-1].owners.append(_owners(owners) or sections[-1].defaults)


def _globs(pattern: str) -> tuple[str, ...]:
    """Write the line's pattern as a policy writes it. A name means a file, and everything below a folder of that name."""
    if "\\" in pattern:
        raise MalformedError("a backslash stands before a blank or a # only")
    folder = pattern.endswith("/")
    bare = pattern.strip("/")
    if not bare:
        return ("**",)
    anchored = pattern.startswith("/") or "/" in bare
    glob = bare if anchored or bare.startswith("**") else f"**/{bare}"
    if folder:
        return (f"{glob}/**",)
    return (glob,) if anchored and glob.endswith("*") else (glob, f"{glob}/**") if not glob.endswith("**") else (glob,)


def _owners(words: Iterable[str]) -> tuple[Owner, ...]:
    return tuple(sorted({_owner(word) for word in words}))


def _owner(word: str) -> Owner:
    if _GROUP.fullmatch(word):
        return Owner("group", word[1:])
    if _ACCOUNT.fullmatch(word):
        return Owner("account", word[1:])
    if _EMAIL.fullmatch(word):
        return Owner("email", word)
    raise MalformedError(f"{word[:60]!r} is no owner: @group/name, @account or an address")


def _named(owners: tuple[Owner, ...]) -> str:
    return " or ".join(owner.name if owner.kind == "email" else f"@{owner.name}" for owner in owners)
