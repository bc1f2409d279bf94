"""`/projects/:id/hooks`: webhooks and what was delivered."""

import json
from urllib.parse import urlsplit

from bot.localforge.access import MAINTAINER
from bot.localforge.api import shapes_settings
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.api.shapes import Shape, stamp
from bot.localforge.deliveries import signing_key
from bot.localforge.entities import Delivery, Hook
from bot.localforge.errors import Refusal, invalid, not_found

_EVENTS = ("push_events", "tag_push_events", "merge_requests_events", "note_events")
_TEXTS = ("url", "name", "description", "token", "signing_token")


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/hooks"
    takes = " ".join((*_TEXTS[1:], *_EVENTS))
    return [
        Route("GET", place, list_hooks),
        Route("POST", place, create, "url", takes),
        Route("GET", f"{place}/:hook", show),
        Route("PUT", f"{place}/:hook", update, takes=f"url {takes}"),
        Route("DELETE", f"{place}/:hook", remove),
        Route("GET", f"{place}/:hook/events", list_events, takes="status"),
        Route("POST", f"{place}/:hook/events/:event/resend", resend),
    ]


def list_hooks(call: Call) -> Listing[Hook]:
    """List webhooks."""
    found = call.forge.store.all(Hook, project_id=call.project(MAINTAINER).id)
    return Listing(found, lambda hook: shapes_settings.hook(call, hook))


def create(call: Call) -> Answer:
    """Add a webhook. Pushes are told unless they are switched off, as with GitLab."""
    project = call.project(MAINTAINER)
    _check(call)
    events = {name: bool(call.flag(name)) for name in _EVENTS} | {"push_events": call.flag("push_events") is not False}
    texts = {name: call.text(name) for name in _TEXTS}
    made = call.forge.store.add(Hook, project_id=project.id, created_at=call.forge.clock(), **texts, **events)
    return Answer(shapes_settings.hook(call, made))


def show(call: Call) -> Answer:
    """Show a webhook."""
    return Answer(shapes_settings.hook(call, _hook(call)))


def update(call: Call) -> Answer:
    """Change a webhook."""
    hook = _hook(call)
    _check(call)
    values: dict[str, object] = {name: call.text(name) for name in _TEXTS if call.given.get(name) is not None}
    values |= {name: flag for name in _EVENTS if (flag := call.flag(name)) is not None}
    return Answer(shapes_settings.hook(call, call.forge.store.change(hook, **values) if values else hook))


def remove(call: Call) -> Answer:
    """Take a webhook away."""
    call.forge.store.remove(_hook(call))
    return Answer(status=204)


def list_events(call: Call) -> Listing[Delivery]:
    """List deliveries, newest first. Those that wait for another attempt are among them."""
    found = call.forge.store.all(Delivery, hook_id=_hook(call).id)
    if wanted := call.text("status"):
        found = [delivery for delivery in found if delivery.status == wanted]
    return Listing(list(reversed(found)), lambda delivery: _event(call, delivery))


def resend(call: Call) -> Answer:
    """Deliver once more, under the same delivery id."""
    hook = _hook(call)
    number = call.segments["event"]
    delivery = call.forge.store.one(Delivery, id=int(number), hook_id=hook.id) if number.isdigit() else None
    if delivery is None:
        raise not_found("Event")
    call.forge.hooks.again(delivery)
    return Answer({"response_status": 202})


def _event(call: Call, delivery: Delivery) -> Shape:
    return {
        "id": delivery.id,
        "url": call.forge.store.get(Hook, delivery.hook_id).url,
        "trigger": delivery.trigger,
        "request_headers": {"X-Gitlab-Event": delivery.event, "Idempotency-Key": delivery.key},
        "request_data": json.loads(delivery.body),
        "response_headers": {},
        "response_body": delivery.said,
        "response_status": delivery.status,
        "execution_duration": 0.0,
        "created_at": stamp(delivery.created_at),
        "attempts": delivery.attempts,
    }


def _check(call: Call) -> None:
    url = urlsplit(call.text("url", "http://unchanged"))
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise Refusal(422, "Invalid url given")
    signing = call.text("signing_token")
    if signing and signing_key(signing) is None:
        raise invalid("signing_token", "must be in whsec_<base64> format encoding a 32-byte key")


def _hook(call: Call) -> Hook:
    number = call.segments["hook"]
    found = call.forge.store.one(Hook, id=int(number), project_id=call.project(MAINTAINER).id) if number.isdigit() else None
    if found is None:
        raise not_found("")
    return found
