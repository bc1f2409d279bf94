"""Names that are defined and that nothing in the file mentions."""

from collections.abc import Iterator, Mapping

from countersign.domain.lints.lint import Lint, where
from countersign.domain.policy import Policy

_DEFINED = {
    "teams": "team",
    "freezes": "freeze",
    "credentials": "credential",
    "networks": "network",
    "sandboxes": "sandbox",
}
_NO_MENTION = {"name", "paths", "because", "deny", "image", "allow"}
"""Keys whose values are prose, paths or addresses, never the name of another part."""

_COMMANDS = {("actions", "plan"), ("actions", "run"), ("actions", "rollback")}
"""Keys of an action that hold a command. `credentials` has keys of the same names one level below."""


def unused(policy: Policy) -> Iterator[Lint]:
    """Give what could be left out without changing anything."""
    document = policy.document.model_dump(by_alias=True)
    for section, what in _DEFINED.items():
        mentioned = {text for key, part in document.items() if key != section for text in _mentions(key, part)}
        for name in document[section] or {}:
            if name not in mentioned:
                yield Lint(where(policy, section, name), "unused", f"{what} {name!r} is defined and never used")


def _mentions(section: str, value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            command = depth == 1 and (section, key) in _COMMANDS
            if not command and not (depth and key in _NO_MENTION):
                yield from _mentions(section, item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _mentions(section, item, max(depth, 1))
