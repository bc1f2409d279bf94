"""The code blocks of the documents: each with its page, line and tag. Runs nothing."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("helm/**/*.md"), *ROOT.glob("policy-schema/**/*.md")])
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^`]*?)[ \t]*")
_INDENTED = re.compile(r"(?: {4}|\t).*\S.*")
_LIST = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t].*")


@dataclass(frozen=True, slots=True)
class Block:
    """A block between fences. An empty tag stands for none."""

    page: str
    line: int
    tag: str
    text: str

    @property
    def where(self) -> str:
        """Give page and line."""
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Give a page's fenced blocks, in order."""
    return _read(page)[0]


def indented(page: Path) -> list[int]:
    """Give the lines at which a block begins that is code by its indentation alone: nobody can say of what kind."""
    return _read(page)[1]


def _read(page: Path) -> tuple[list[Block], list[int]]:
    name = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name
    found: list[Block] = []
    loose: list[int] = []
    fence, tag, begun, held = "", "", 0, [""]
    before, in_list = "", False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        mark = _FENCE.fullmatch(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2]:
                found.append(Block(name, begun, tag, "\n".join(held) + "\n"))
                fence = ""
            else:
                held.append(line)
        elif mark:
            fence, tag, begun, held = mark[1], mark[2], number, []
        else:
            in_list = _LIST.fullmatch(line) is not None or (in_list and (not line.strip() or line.startswith((" ", "\t"))))
            if _INDENTED.fullmatch(line) and not before.strip() and not in_list:
                loose.append(number)
        before = line
    if fence:
        found.append(Block(name, begun, f"{tag} (never closed)", "\n".join(held)))
    return found, loose
