"""The form of a route: method, path, the parameters it knows. Matches a request to one; calls nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.localforge.api.call import Answer, Call, Listing

Handler = Callable[[Call], Answer | Listing[Any]]
"""Does what is asked. The items of a listing are known to its `show` alone."""

PAGING = frozenset({"page", "per_page", "pagination", "id_after", "order_by", "sort"})


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `needs` and `takes` name parameters, with blanks between; all others are refused.

    `scopes` let a token in beside `api` (and `read_api` for GET); `any` lets every token in.
    """

    method: str
    template: str
    handler: Handler
    needs: str = ""
    takes: str = ""
    scopes: str = ""

    @property
    def known(self) -> frozenset[str]:
        """Give all parameters that may be given."""
        return frozenset(self.needs.split()) | frozenset(self.takes.split())

    def match(self, method: str, parts: list[str]) -> Mapping[str, str] | None:
        """Give the path's variables; None where another endpoint is meant. `parts` are decoded, so each may hold slashes."""
        template = self.template.strip("/").split("/")
        if method != self.method or len(template) != len(parts):
            return None
        found: dict[str, str] = {}
        for name, part in zip(template, parts, strict=True):
            if name.startswith(":"):
                found[name[1:]] = part
            elif name != part:
                return None
        return found

    def lets_in(self, scopes: Iterable[str]) -> bool:
        """Say whether a token with these scopes may be used here."""
        wanted = {"api", *self.scopes.split()} | ({"read_api"} if self.method == "GET" else set())
        return "any" in wanted or not wanted.isdisjoint(scopes)
