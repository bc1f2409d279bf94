"""Which program this is: its version, and a digest over the source of what decides, and of what replay holds the record to.

So that another decision from the same inputs can be told from a record that was forged: the program may simply be another one. The
source is read from beside this module, in a wheel as in a checkout; installations of the same source give the same digest. Decides
nothing. Libraries are no part of it.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, digest_of

ROOTS = (
    "countersign.attestation.contradiction",
    "countersign.domain.decide",
    "countersign.domain.inputs",
    "countersign.domain.policy_yaml",
)
"""What holds a record to its decision, and so computes the rest of it anew; what decides; what reads inputs and policies.
With everything of ours that these import."""

_OURS = "countersign"
_DISTRIBUTION = "countersign-bot"
Source = Callable[[str], bytes | None]
"""Gives the source of a module; None where there is no such module, or none with a source."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that decides. `digest` is None where its source is not there, as in an installation of compiled files alone."""

    version: str
    digest: Digest | None

    def document(self) -> dict[str, object]:
        """Give it as records hold it."""
        return {"digest": self.digest, "version": self.version}

    def __str__(self) -> str:
        """Name it for people."""
        return f"{self.version} ({self.digest or 'without source'})"


@cache
def engine() -> Engine:
    """Give this one. The source is read once, as it lies there at that moment."""
    try:
        named = version(_DISTRIBUTION)
    except PackageNotFoundError:
        named = "unknown"
    return Engine(named, digest(source))


def digest(read: Source) -> Digest | None:
    """Give the digest over the modules that decide; None where one of the roots has no source."""
    found = deciding(read)
    if any(root not in found for root in ROOTS):
        return None
    return digest_of(canonical_json({name: digest_of(text) for name, text in found.items()}))


def source(module: str) -> bytes | None:
    """Read the source of a module from beside this one's, without importing it."""
    _, *folders, name = module.split(".")
    here = files(_OURS).joinpath(*folders)
    found = next((file for file in (here / f"{name}.py", here / name / "__init__.py") if file.is_file()), None)
    return None if found is None else found.read_bytes()


def deciding(read: Source) -> dict[str, bytes]:
    """Give the modules that take part in a decision, each with its source: the roots, and what they import of ours, and so on."""
    found: dict[str, bytes] = {}
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        text = None if name in found else read(name)
        if text is not None:
            found[name] = text
            waiting += _imported(text)
    return found


def _imported(text: bytes) -> Iterator[str]:
    """Give what a module may import of ours. `from package import name` may name a module, or something within one."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == _OURS)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.module.partition(".")[0] == _OURS:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
