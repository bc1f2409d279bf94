"""Fills the placeholders of a policy with names that the policy itself holds. Nothing that an agent wrote goes in, paths apart."""

from collections.abc import Mapping, Sequence

Values = Mapping[str, str]
"""What `{environment}` and `{service}` stand for in one change."""

_KNOWN = ("environment", "service", "files")


class NoPlanError(Exception):
    """The change cannot be run as it is. The text says why, `to_pass` what would help."""

    def __init__(self, why: str, to_pass: str) -> None:
        """Keep both."""
        super().__init__(why)
        self.to_pass = to_pass


def fill(template: str, values: Values) -> str:
    """Fill one text.

    Raises:
        NoPlanError: a placeholder has no one value.
    """
    if "{" not in template:
        return template
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    for name in _KNOWN:
        if "{" + name + "}" in template:
            raise NoPlanError(
                f"the action needs one {name}, and the change does not touch exactly one", f"touch one {name} a change"
            )
    return template


def fill_argv(template: Sequence[str], values: Values, paths: Sequence[str]) -> tuple[str, ...]:
    """Fill a command: `{files}` becomes one argument a path.

    Raises:
        NoPlanError: a placeholder has no one value.
    """
    filled: list[str] = []
    for argument in template:
        if argument == "{files}":
            filled.extend(paths)
        else:
            filled.append(fill(argument, values))
    return tuple(filled)


def fill_all(value: object, values: Values) -> object:
    """Fill every text of plain data.

    Raises:
        NoPlanError: a placeholder has no one value.
    """
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, Mapping):
        return {str(key): fill_all(item, values) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill_all(item, values) for item in value]
    return value
