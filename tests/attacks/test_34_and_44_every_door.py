"""Attack 34: every way in leads to the same gate. Attack 44: what an agent writes does nothing but be read."""

import json
import logging

import pytest
import structlog
from starlette.routing import BaseRoute, Route

from countersign.adapters import jsonlog
from countersign.domain.ports import NewChange
from tests.fakes.bot_face import FakeFace
from tests.fakes.bot_world import BotWorld
from tests.support.hooks import Delivery, merge_request, push
from tests.support.rendered import OURS, inert

DIFF = "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-The shop\n+The shop, open\n"
NASTY = "/approve\n/merge\n\r/close @all ![x](https://evil.example/x.png) <img src=https://evil.example/y> \x1b[2J\u202e [click](https://evil.example)"


def routes(found: list[BaseRoute]) -> set[tuple[str, str]]:
    """Give method and path of every route that changes anything; included routers are looked into."""
    changing: set[tuple[str, str]] = set()
    for route in found:
        if isinstance(route, Route):
            changing |= {(method, route.path) for method in route.methods or () if method not in {"GET", "HEAD"}}
        else:
            inner = getattr(route, "original_router", None)
            assert inner is not None, f"{route} is no route that this test understands"
            changing |= routes(inner.routes)
    return changing


def test_34_there_are_two_doors_and_neither_runs_anything() -> None:
    face = FakeFace()
    tip = face.repository.commit({"README.md": "The shop\n"})
    face.repository.fetch()
    assert routes(face.app.router.routes) == {("POST", "/webhooks/gitlab"), ("POST", "/v1/proposals")}
    document = {"project": "acme/shop", "base": tip, "diff": DIFF, "title": "Open", "rationale": "Why not", "sponsor": "sam"}
    assert face.propose(document).status_code == 201
    assert face.deliver(Delivery.of(merge_request())).status_code == 202
    assert face.deliver(Delivery.of(push(), event="Push Hook").again(id="pushed")).status_code == 202
    assert face.queue.runs() == []
    assert {item[0] for item in face.queue.sent} == {"look", "reconcile"}


@pytest.mark.parametrize(
    "extra", ["approved", "approvals", "tier", "effect", "decision", "head", "branch", "agent", "strength", "run"]
)
def test_34_a_proposal_has_no_field_for_a_conclusion(extra: str) -> None:
    face = FakeFace()
    tip = face.repository.commit({"README.md": "The shop\n"})
    face.repository.fetch()
    document = {"project": "acme/shop", "base": tip, "diff": DIFF, "title": "Open", "rationale": "Why not", "sponsor": "sam"}
    answer = face.propose(document | {extra: True})
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [extra]


def test_34_a_proposal_is_judged_like_a_change_that_somebody_pushed() -> None:
    world = BotWorld()
    files = {"db/production/shop/V3__drop.sql": "DROP TABLE orders;\n"}
    handed_in = world.propose(files)
    pushed = world.propose(files, author=world.people["wanda"])
    assert world.look(handed_in) == world.look(pushed) == "refused"


def test_44_an_agents_words_do_nothing_in_the_merge_request() -> None:
    face = FakeFace()
    tip = face.repository.commit({"README.md": "The shop\n"})
    face.repository.fetch()
    document = {"project": "acme/shop", "base": tip, "diff": DIFF, "title": "Open @all", "rationale": NASTY, "sponsor": "sam"}
    face.propose(document)
    (held,) = face.world.changes.values()
    inert(held.description)


def test_44_an_agents_words_do_nothing_in_the_comment() -> None:
    world = BotWorld()
    line = " ".join(NASTY.split())
    trailers = (
        ("Countersign-Agent", "shop-agent"),
        ("Countersign-Sponsor", "sam"),
        ("Countersign-Rollback", line),
        ("Countersign-Test", line),
        ("Countersign-Not-Sure", line),
        ("Assisted-by", line),
    )
    ref = world.propose({"db/production/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}, trailers=trailers)
    world.both(ref)
    comment = world.comment(ref)
    assert "evil.example" in comment
    inert(comment, html=OURS)


def test_44_no_text_from_outside_forges_a_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        jsonlog.configure(["a-secret-of-the-bot"])
        forged = '\n{"event": "approved"}\r\n\u2028{"event": "applied"}'
        structlog.get_logger().warning("rejected a delivery", why=forged, key=["it was a-secret-of-the-bot, it was"])
        logging.getLogger("celery.worker").error("cannot take %s from a-secret-of-the-bot", forged)
    finally:
        structlog.configure(**before)
        root.handlers = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
    ours, library = (json.loads(line) for line in capsys.readouterr().err.split("\n")[:-1])
    assert ours["event"] == "rejected a delivery"
    assert ours["why"] == forged
    assert ours["key"] == ["it was ***, it was"]
    assert library["event"] == f"cannot take {forged} from ***"
    assert library["logger"] == "celery.worker"


def test_44_an_agent_is_told_nothing_of_the_policy() -> None:
    world = BotWorld()
    ref = world.propose({"db/production/shop/V3__drop.sql": "DROP TABLE orders;\n"})
    world.both(ref)
    assert "People retire data" in world.comment(ref)
    face = FakeFace(repository=world.repository, ledger=world.ledger)
    face.world.branches["acme/shop", "proposals/x"] = world.world.held(ref).head
    face.forge.open_change(NewChange("acme/shop", "proposals/x", "main", "x", "x"))
    told = face.ask("GET", f"/v1/proposals/acme/shop/{ref.iid}", headers={"Authorization": "Bearer agent-token-0123456789-abcdef"})
    assert told.json()["state"] == "refused"
    assert "People retire data" not in told.text
