"""`/_faults`: what tests make go wrong. No part of GitLab's API, and for admins only."""

import re
from dataclasses import asdict

from bot.localforge.api.call import Answer, Call
from bot.localforge.api.routing import Route
from bot.localforge.errors import Refusal
from bot.localforge.faults import KINDS, Fault


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    return [
        Route("GET", "/_faults", show),
        Route("POST", "/_faults", create, "kind", "times method path status retry_after seconds"),
        Route("DELETE", "/_faults", clear),
        Route("GET", "/version", version, scopes="any"),
    ]


def show(call: Call) -> Answer:
    """Show the switches that are still to come."""
    call.admin()
    return Answer([asdict(fault) for fault in call.forge.faults.waiting()])


def create(call: Call) -> Answer:
    """Set a switch."""
    call.admin()
    kind = call.text("kind")
    if kind not in KINDS:
        raise Refusal(400, f"kind must be one of {', '.join(sorted(KINDS))}", key="error")
    try:
        re.compile(call.text("path", ".*"))
        seconds = float(call.text("seconds", "0"))
    except (re.error, ValueError):
        raise Refusal(400, "path must be a pattern and seconds a number", key="error") from None
    fault = Fault(
        kind=kind,
        times=call.number("times") or 1,
        method=call.text("method").upper(),
        path=call.text("path", ".*"),
        status=call.number("status") or 503,
        retry_after=call.number("retry_after"),
        seconds=seconds,
    )
    call.forge.faults.set(fault)
    return Answer(asdict(fault))


def clear(call: Call) -> Answer:
    """Take all switches back."""
    call.admin()
    call.forge.faults.clear()
    return Answer(status=204)


def version(_: Call) -> Answer:
    """Say which GitLab this is like."""
    return Answer({"version": "18.6.0", "revision": "embedded"})
