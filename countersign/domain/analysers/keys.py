"""Which values of a structured file are others now: `spec.replicas` from 3 to 0. Compares trees by key path.

Judges one thing: a permission that became a wildcard is a signal (incident 25).
"""

import re
from collections.abc import Iterator, Sequence

from countersign.domain.analysers.kubernetes import identity
from countersign.domain.analysers.signals import WILDCARD
from countersign.domain.analysers.tree import Scalar, Tree, leaves
from countersign.domain.facts import KeyChange, Signal

_PERMISSION = re.compile(
    r"(?:^|\.)\"?(?:not_?)?(?:actions?|resources?|principals?|aws|verbs|apigroups|nonresourceurls|identifiers|permissions)\"?"
    r"(?:\[[^\]]*\])?$",
    re.IGNORECASE,
)


def changes(path: str, old: Sequence[Tree], new: Sequence[Tree]) -> Iterator[KeyChange]:
    """Give every value that differs, in the order of the key paths. Lines are the new side's where it has the key."""
    before, after = _values(old), _values(new)
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was is None or now is None or was.text != now.text:
            line = now.line if now is not None else was.line if was is not None else 1
            yield KeyChange(path, line, key, None if was is None else was.text, None if now is None else now.text)


def widened(changed: KeyChange) -> Iterator[Signal]:
    """Tell of a permission that is a wildcard now."""
    if changed.new is not None and (changed.new == "*" or changed.new.endswith(":*")) and any(_PERMISSION.finditer(changed.key)):
        yield Signal(WILDCARD, changed.path, changed.line, f"{changed.key[-200:]} is {changed.new[:60]} now")


def _values(documents: Sequence[Tree]) -> dict[str, Scalar]:
    """Give the values of all documents. A manifest goes by what it is, so that another one before it changes nothing of it."""
    found: dict[str, Scalar] = {}
    for number, document in enumerate(documents):
        who = identity(document)
        prefix = str(who) if who is not None else ("" if len(documents) == 1 else f"document {number + 1}")
        for key, value in leaves(document):
            name = f"{prefix}: {key}" if prefix else key
            found[name if name not in found else f"{name} ({number + 1})"] = value
    return found
