"""Pages of a list with GitLab's headers: by number, or by `id_after` where a list can be read so."""

from collections.abc import Mapping
from math import ceil
from typing import Any
from urllib.parse import urlencode

from bot.localforge.api.call import Answer, Listing
from bot.localforge.errors import Refusal

_DEFAULT, _MOST = 20, 100
_UNCOUNTED = 10_000
"""Above so many items GitLab no longer says how many there are."""


def page(listing: Listing[Any], url: str, given: Mapping[str, object]) -> Answer:
    """Give the page that was asked for; `url` is the request's without its query.

    Raises:
        Refusal: a number is no number, or the list cannot be read that way.
    """
    size = min(_number(given, "per_page", _DEFAULT), _MOST)
    if given.get("pagination") == "keyset":
        return _keyset(listing, url, given, size)
    number = _number(given, "page", 1)
    total = len(listing.items)
    pages = max(1, ceil(total / size))
    shown = listing.items[(number - 1) * size : number * size]
    following = str(number + 1) if number < pages else ""
    headers = {
        "X-Page": str(number),
        "X-Per-Page": str(size),
        "X-Next-Page": following,
        "X-Prev-Page": str(number - 1) if number > 1 else "",
    }
    links = {"prev": number - 1 if number > 1 else 0, "next": number + 1 if following else 0, "first": 1}
    if total <= _UNCOUNTED:
        headers |= {"X-Total": str(total), "X-Total-Pages": str(pages)}
        links["last"] = pages
    headers["Link"] = ", ".join(
        f'<{url}?{_query(given, page=to, per_page=size)}>; rel="{name}"' for name, to in links.items() if to
    )
    return Answer([listing.show(item) for item in shown], headers=headers)


def _keyset(listing: Listing[Any], url: str, given: Mapping[str, object], size: int) -> Answer:
    if not listing.keyset or given.get("order_by", "id") != "id":
        raise Refusal(405, "Keyset pagination is not yet available for this type of request", key="error")
    down = given.get("sort", "desc") != "asc"
    items = sorted(listing.items, key=lambda item: int(item.id), reverse=down)
    after = _number(given, "id_after", 0)
    if after:
        items = [item for item in items if (item.id < after if down else item.id > after)]
    shown = items[:size]
    headers: dict[str, str] = {}
    if len(items) > size:
        headers["Link"] = f'<{url}?{_query(given, id_after=shown[-1].id, per_page=size)}>; rel="next"'
    return Answer([listing.show(item) for item in shown], headers=headers)


def _number(given: Mapping[str, object], name: str, default: int) -> int:
    value = given.get(name)
    if value is None or value == "":
        return default
    if not str(value).isdecimal() or int(str(value)) < 1:
        raise Refusal(400, f"{name} does not have a valid value", key="error")
    return int(str(value))


def _query(given: Mapping[str, object], **more: int) -> str:
    return urlencode({**{name: value for name, value in given.items() if value is not None}, **more}, doseq=True)
