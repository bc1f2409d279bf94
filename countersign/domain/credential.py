"""The secret itself. It exists between mint and revoke, in one process, and is never written anywhere.

Its text form shows nothing, it cannot be pickled or copied, and it has no `__dict__` for a debugger's dump.
"""

from collections.abc import Iterable, Mapping
from typing import NoReturn

_SHORTEST_SECRET = 8
"""Shorter values (a port, a user) are no secrets and would blank out half of any log."""


class Credential:
    """Environment variables for one run, as the tool inside the sandbox expects them."""

    __slots__ = ("_env", "_public")

    def __init__(self, env: Mapping[str, str], *, public: Iterable[str] = ()) -> None:
        """Hold the variables. `public` names those that are no secret (a host, a region, a user): output may show them."""
        self._env = dict(env)
        self._public = frozenset(public) & self._env.keys()

    @property
    def public(self) -> frozenset[str]:
        """Give the names of the variables that are no secret."""
        return self._public

    def reveal(self) -> dict[str, str]:
        """Give the variables, secrets included: for the sandbox's standard input and the prober, nothing else."""
        return dict(self._env)

    def secrets(self) -> tuple[str, ...]:
        """Give the values that must not appear in any output, longest first."""
        values = {value for name, value in self._env.items() if name not in self._public and len(value) >= _SHORTEST_SECRET}
        return tuple(sorted(values, key=len, reverse=True))

    def __repr__(self) -> str:
        """Show that there is one, and nothing of it."""
        return f"<Credential {sorted(self._env)}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        message = "a credential does not leave its process"
        raise TypeError(message)
