"""Files that forges fold away in a diff, so that reviewers rarely see them: generated, locked, minified.

Found by name, by a mark in the text, and by the `.gitattributes` of the protected branch and of the change itself. Tells;
whether anybody looks is for people.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase, translate
from typing import NamedTuple

_LOCKS = frozenset(
    {
        ".terraform.lock.hcl", "bun.lock", "bun.lockb", "cargo.lock", "chart.lock", "composer.lock", "conan.lock",
        "deno.lock", "flake.lock", "gemfile.lock", "go.sum", "gradle.lockfile", "mix.lock", "npm-shrinkwrap.json",
        "package-lock.json", "package.resolved", "packages.lock.json", "pdm.lock", "pipfile.lock", "pixi.lock", "pnpm-lock.yaml",
        "podfile.lock", "poetry.lock", "pubspec.lock", "uv.lock", "yarn.lock",
    }
)  # fmt: skip
_BUILT = ("*.min.js", "*.min.css", "*.map", "*.pb.go", "*_pb2.py", "*.snap", "*.designer.cs", "*.g.dart")
_FOLDERS = frozenset({"node_modules", "vendor"})
_MARK = re.compile(r"@generated\b|\bcode generated\b.{0,200}\bdo not edit\b|\bautomatically generated\b.{0,200}\bdo not edit\b")
_HEAD = 2000
"""Characters in which the mark stands, as forges look for it."""

_HIDING = frozenset({"linguist-generated", "gitlab-generated"})
_YES = frozenset({"", "true", "set"})

_MOST_PATTERNS = 500


class Attribute(NamedTuple):
    """One pattern of `.gitattributes`: whether it means whole paths or names, and whether it folds files away or unfolds them."""

    pattern: re.Pattern[str]
    whole: bool
    folds: bool


Attributes = Sequence[Attribute]
"""In their order; the last one that matches wins."""

_EVERYTHING = Attribute(re.compile(""), whole=False, folds=True)


def attributes_of(texts: Iterable[tuple[str, str]]) -> Attributes:
    """Read what `.gitattributes` files say about folding. Texts come with the folder that each stands in; later ones win.

    Where they hold too much, everything counts as folded.
    """
    found: list[Attribute] = []
    for folder, text in texts:
        for line in text.split("\n"):
            pattern, *words = line.split() or [""]
            if pattern.startswith("#"):
                continue
            for word in words:
                folds = _folds(word)
                if folds is not None:
                    found.append(_attribute(folder, pattern, folds=folds))
    return found if len(found) <= _MOST_PATTERNS else [_EVERYTHING]


def _attribute(folder: str, pattern: str, *, folds: bool) -> Attribute:
    """Compile a pattern, somewhat wider than git reads it: `*` does not stop at a slash."""
    whole = "/" in pattern.rstrip("/")
    if whole:
        pattern = pattern.lstrip("/").replace("**/", "*")
        pattern = f"{folder}/{pattern}" if folder else pattern
    return Attribute(re.compile(translate(pattern if whole else pattern.lower())), whole, folds)


def _folds(word: str) -> bool | None:
    name, _, value = word.partition("=")
    if name in {"-diff", "binary"}:
        return True
    if name in {"diff", "!diff"}:
        return False
    if name.lstrip("-!") in _HIDING:
        return not name.startswith(("-", "!")) and value.lower() in _YES
    return None


def why_folded(path: str, text: str | None, attributes: Attributes) -> str | None:
    """Say why a forge is likely to fold the file away; None where it is not. A pattern that is wider than git's counts."""
    name = path.rpartition("/")[2].lower()
    if name in _LOCKS:
        return "a lock file"
    if any(fnmatchcase(name, pattern) for pattern in _BUILT):
        return "a built file"
    if _FOLDERS & set(path.split("/")[:-1]):
        return "a folder of other people's files"
    folded = False
    for attribute in attributes:
        if attribute.pattern.match(path if attribute.whole else name):
            folded = attribute.folds
    if folded:
        return "marked in .gitattributes"
    if text is not None and any(_MARK.finditer(text[:_HEAD].lower())):
        return "says that it is generated"
    return None
