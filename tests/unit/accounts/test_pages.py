"""Pages of records of any shape: nothing in a record makes a page fail, run, load or lie about what is text."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.adapters.index.row import Row
from countersign.adapters.pages import charts, gantt, pages
from countersign.adapters.pages.looks import Looks
from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.figures import count
from countersign.attestation.accounts.story import tell
from countersign.domain.ids import Digest, Sha
from countersign.domain.neutral import hidden, visible

LOOKS = Looks()
SITE = pages.Site("acme/shop", "Nothing was checked.", "index.html", "timeline.html", lambda _: "change.html")
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNSEEN = "\u202e\u2066\u200b\x1b[31m\x07\r\x85\u2028\ue000\u3164\ufe0f\U000e0041\ud800"
"""Turns the text round, hides in it, or is obeyed by a terminal. Half a character last."""

HOSTILE = f"</pre></title></style><script>alert(1)</script><img src=x onerror=alert(1)>'\"&javascript:alert(1) {UNSEEN}"


class Tags(HTMLParser):
    """Collects what a browser would take for markup."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def harmless(page: str) -> None:
    assert not [character for character in page if hidden(character)]
    parser = Tags()
    parser.feed(page)
    for tag, attributes in parser.tags:
        assert tag not in {"script", "img", "iframe", "object", "embed", "link", "base"}
        assert not any(name.startswith("on") or name in {"style", "src"} for name in attributes)
        for name in ("href", "action"):
            assert not (attributes.get(name) or "").lower().startswith(("javascript:", "data:"))
        if tag != "option":  # what it sends is the true name, written as references; what it shows is marked
            assert not any(hidden(character) for value in attributes.values() for character in value or "")


def record(kind: str, seq: int, body: object) -> dict[str, object]:
    written = WHEN.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "seq": seq,
        "id": str(seq),
        "kind": kind,
        "key": f"{kind}/{seq}",
        "time": written,
        "recorded_time": written,
        "summary": HOSTILE,
        "run_id": "run-a" if kind in {"intent", "executed"} else None,
        "change": {"repository": "acme/shop", "iid": 7},
        "body": body,
    }


def draw(records: list[dict[str, object]]) -> str:
    story = tell(records)
    assert story is not None
    rows = [Row(told, Sha("1" * 40), "records/x", Digest("sha256:" + "1" * 64), None) for told, _ in story.records]
    accounts = [told for told, _ in story.records]
    harmless(pages.overview(LOOKS, SITE, count(accounts), accounts, "today"))
    harmless(pages.timeline(LOOKS, SITE, pages.Listing(accounts, HOSTILE, environments=[HOSTILE])))
    form = [pages.Field("environment", "Environment", HOSTILE, (HOSTILE,)), pages.Field("agent", "Agent", HOSTILE, hint=HOSTILE)]
    harmless(pages.timeline(LOOKS, SITE, pages.Listing(accounts, HOSTILE, form=form, newer=HOSTILE, older=HOSTILE)))
    page = pages.change(
        LOOKS, SITE, story, rows, pages.Diff.of(f"diff --git a/{HOSTILE} b/x\n@@ -1 +1 @@\n-{HOSTILE}\n+{HOSTILE}\n", HOSTILE)
    )
    harmless(page)
    return page


leaf = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from([HOSTILE, "", "2026-03-01T12:00:00+00:00", "dead"])
)
junk = leaf | st.lists(leaf, max_size=2) | st.dictionaries(st.sampled_from(["tail", "ttl", "memory", "head"]), leaf, max_size=2)


def thing(*names: str, **parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Something of the right names, each of any shape, or left out; or nothing like it at all."""
    optional = dict.fromkeys(names, junk) | parts
    return junk | st.fixed_dictionaries({}, optional=optional)


def some(item: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(item, max_size=2) | junk


person = thing("id", "username", "at", "head", "team", "person", "why", "model", "strength")
scope = thing("name", "provider", "ttl", "parameters")
plan = thing(
    *("action", "argv", "image", "network", "network_tier", "allow", "rollback"),
    limits=thing("timeout", "memory", "pids"),
    scopes=some(scope),
)
decision = thing(
    *("effect", "tier", "environment", "services"),
    needs=some(thing("team", "count", "filled_by")),
    reasons=some(thing("rule", "text", "decides", "place", "path", "effect", "tier", "to_pass")),
    discounted=some(person),
    plan=plan,
)
result = thing(
    *("argv", "backend", "runtime", "profile_digest", "exit_code", "ending", "tainted", "stdout", "stderr"),
    connections=some(thing("name", "allowed", "attempts", "sent", "received")),
    connections_left_out=thing("endpoints"),
)
shape = thing(
    *("why", "fault", "stage", "policy"),
    actor=thing(agent=person, sponsor=person, author=person, approvers=some(person)),
    change=thing("head", "base", "tree", "paths", "url"),
    decision=decision,
    leases=some(thing("handle", scope=scope)),
    grants=some(thing("handle", "provider", "public_id", "minted", "expires", "revoked", "proof")),
    timeline=some(thing("name", "began", "ms", "step")),
    left_out=some(thing("bytes", part=junk | st.just("grants[] proved dead"))),
    result=result,
)


@given(bodies=st.tuples(shape, shape, shape))
@settings(max_examples=300, deadline=None)
def test_no_shape_of_a_record_makes_a_page_fail_or_act(bodies: tuple[object, object, object]) -> None:
    draw([record(kind, seq, body) for seq, (kind, body) in enumerate(zip(("assessed", "intent", "executed"), bodies, strict=True))])


@pytest.mark.parametrize(
    "body",
    [
        {"decision": {"plan": {"argv": 5, "allow": True, "scopes": 5, "limits": {"memory": "x"}, "rollback": 5}}},
        {"decision": {"needs": [{"filled_by": 5}], "reasons": [{"rule": []}], "discounted": [5, {"person": {}}]}},
        {"actor": {"approvers": [{"at": 5, "head": [], "username": None}]}, "change": {"head": 5, "paths": 5}},
        {"result": {"stdout": {"tail": 5}, "exit_code": "x", "connections": [{"sent": []}], "profile_digest": 5}},
        {"grants": [{"handle": "h", "minted": 5}], "timeline": [{"ms": "x"}], "leases": 5},
    ],
)
def test_fields_of_other_kinds_are_shown_as_nothing(body: object) -> None:
    draw([record("intent", 0, body), record("executed", 1, body)])


def test_a_page_tells_what_the_record_had_no_room_for() -> None:
    lease = {"handle": "cs_held", "scope": {"provider": "postgres", "ttl": 600}}
    left = [{"part": "result.connections", "bytes": 61234}, {"part": "grants[] proved dead", "bytes": 900}]
    result = {"connections": [], "connections_left_out": {"endpoints": 7}}
    page = draw([record("intent", 0, {"leases": [lease]}), record("executed", 1, {"left_out": left, "result": result})])
    for said in (
        "Not listed, or cut, since the record had no room",
        "<li>result.connections (61,234 bytes)</li><li>grants[] proved dead (900 bytes)</li>",
        "<td>dead, not listed</td>",
        "proved dead, not listed; may never have been minted",
        "7 more endpoints",
    ):
        assert said in page
    assert "had no room" not in draw([record("intent", 0, {"leases": [lease]}), record("executed", 1, {"result": result})])


def shapes(page: str) -> set[tuple[object, ...]]:
    """Collect what a page draws: rectangles by place and size, points by place."""
    parser = Tags()
    parser.feed(page)
    wanted = {"rect": ("x", "y", "width", "height"), "circle": ("cx", "cy")}
    found = {(tag, part.get("class"), *(part.get(name) for name in wanted[tag])) for tag, part in parser.tags if tag in wanted}
    lines = [part["points"] or "" for tag, part in parser.tags if tag == "polyline"]
    return found | {("line", *line.split()) for line in lines}


def test_charts_are_drawn_as_they_were_computed() -> None:
    asked = [
        Account(seq=seq, id=str(seq), kind=kind, key=str(seq), time=when, recorded=when, summary="s", iid=seq // 2, tier="low")
        for seq, kind, when in (
            (0, "assessed", "2026-03-02T12:00:00.000000Z"),
            (1, "intent", "2026-03-02T13:00:00.000000Z"),
            (2, "assessed", "2026-03-09T12:00:00.000000Z"),
            (3, "intent", "2026-03-09T15:00:00.000000Z"),
            (4, "refused", "2026-03-09T16:00:00.000000Z"),
        )
    ]
    told = [item._replace(repository="acme/shop", approvers=("lea",) if item.kind == "intent" else ()) for item in asked]
    figures = count(told)
    drawn = shapes(pages.overview(LOOKS, SITE, figures, told, "today"))
    half = {week: lead.half for week, lead in figures.leads.items()}
    columns = charts.columns("x", figures.weeks, figures.tiers, figures.decisions, {"low": "t0"})
    bars = charts.bars("x", figures.refusals, "bar")
    [(_, points)] = charts.trend("x", figures.weeks, {"half were faster": ("half", half)}).lines
    assert (len(columns.marks), len(bars.marks), len(points)) == (2, 1, 2)
    for mark in (*columns.marks, *bars.marks):
        assert ("rect", mark.kind, *map(str, (mark.x, mark.y, mark.width, mark.height))) in drawn
    assert {("circle", "half", str(point.x), str(point.y)) for point in points} <= drawn
    assert ("line", *(f"{point.x},{point.y}" for point in points)) in drawn


def test_the_gantt_is_drawn_as_it_was_computed() -> None:
    def at(second: int) -> str:
        return (WHEN + timedelta(seconds=second)).isoformat()

    steps = [{"name": "mint", "began": at(1), "ms": 2000}, {"name": "run", "began": at(3), "ms": 40_000}]
    grant = {"handle": "h", "provider": "postgres", "minted": at(3), "revoked": at(50), "expires": at(600), "proof": "dead"}
    records = [record("intent", 0, {}), record("executed", 1, {"timeline": steps, "grants": [grant]})]
    records[1]["recorded_time"] = (WHEN + timedelta(seconds=120)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    story = tell(records)
    assert story is not None
    made = gantt.draw(story.runs[0])
    assert made is not None
    drawn, faint = shapes(draw(records)), made.bars[-1]
    assert [bar.kind for bar in made.bars] == ["phase", "phase", "credential"]
    for bar in made.bars:
        assert ("rect", bar.kind, str(bar.x), str(bar.y + 5), str(bar.width), "14") in drawn
    assert ("rect", "faint", str(faint.x + faint.width), str(faint.y + 5), str(faint.faint), "14") in drawn


def test_hostile_words_everywhere_stay_words() -> None:
    reason = {"rule": HOSTILE, "text": HOSTILE, "decides": True, "place": HOSTILE, "path": HOSTILE, "to_pass": HOSTILE}
    plan = {"argv": [HOSTILE], "image": HOSTILE, "allow": [HOSTILE], "scopes": [{"name": HOSTILE, "provider": HOSTILE, "ttl": 1}]}
    decision = {"reasons": [reason], "plan": plan, "environment": HOSTILE, "discounted": [{"person": HOSTILE, "why": HOSTILE}]}
    actor = {"agent": {"id": HOSTILE, "model": HOSTILE}, "approvers": [{"username": HOSTILE, "at": HOSTILE, "head": HOSTILE}]}
    change = {"url": "javascript:alert(1)", "head": HOSTILE, "paths": [HOSTILE]}
    result = {"stdout": {"tail": HOSTILE}, "connections": [{"name": HOSTILE, "allowed": False}]}
    intent = {"decision": decision, "actor": actor, "change": change, "leases": [{"handle": HOSTILE, "scope": {}}]}
    page = draw([record("intent", 0, intent), record("executed", 1, {"result": result})])
    assert "&lt;script&gt;alert(1)" in page
    assert "On the forge" not in page, "no link to what is no address"
    assert visible(UNSEEN).replace("\n", " ") in page, "shown by number"


def test_a_list_of_projects_shows_what_their_names_hide() -> None:
    harmless(pages.projects(LOOKS, SITE, [(HOSTILE, HOSTILE)]))


def test_only_a_newline_ends_a_line_of_a_diff() -> None:
    diff = pages.Diff.of("+safe\u2028-evil\x85+more\x0c\r\n-old\n\n")
    assert diff.lines == (("add", "+safe\u2028-evil\x85+more\x0c"), ("del", "-old"), ("same", ""))
    assert pages.Diff.of("").lines == ()


@pytest.mark.parametrize(
    "url",
    ["http://[", "https://forge.example/\u202egpj", "https://forge.example/\tx", "ht\ntps://forge.example/", "//forge.example"],
)
def test_an_address_that_does_not_read_as_it_is_written_is_no_link(url: str) -> None:
    assert "On the forge" not in draw([record("assessed", 0, {"change": {"url": url, "tree": "1" * 40}})])


def test_a_choice_shows_what_is_hidden_and_sends_what_is_true() -> None:
    name = 'prod\u202e\u200b"<tc>u'
    form = [pages.Field("environment", "Environment", name, ("staging", name))]
    page = pages.timeline(LOOKS, SITE, pages.Listing([], "said", form=form))
    assert ">prod⟨U+202E⟩⟨U+200B⟩&#34;&lt;tc&gt;u</option>" in page
    parser = Tags()
    parser.feed(page)
    sent = [attributes for tag, attributes in parser.tags if tag == "option"]
    assert [attributes["value"] for attributes in sent] == ["", "staging", name]
    assert [attributes["value"] for attributes in sent if "selected" in attributes] == [name]


@pytest.mark.parametrize("other", [{"newer": "timeline.html"}, {"older": "timeline-3.html"}, {}])
def test_filters_of_one_page_among_several_say_that_they_know_no_other(other: dict[str, str]) -> None:
    page = pages.timeline(LOOKS, SITE, pages.Listing([], "said", environments=["production"], **other))  # type: ignore[arg-type]
    assert ("among the records of this page alone" in page) == bool(other)


def test_where_nobody_could_judge_the_approvals_a_page_does_not_say_nobody() -> None:
    page = draw([record("assessed", 0, {}), record("expired", 1, {"actor": {"approvers": []}, "unjudged": HOSTILE})])
    assert "<dt>Approved by</dt><dd>cannot be told</dd>" in page
    assert "<dt>Approved by</dt><dd>nobody</dd>" in draw([record("assessed", 0, {}), record("expired", 1, {})])


@pytest.mark.parametrize("more", [{}, {"found": HOSTILE, "why": HOSTILE, "result": {"exit_code": 7}}])
def test_what_was_found_of_a_lost_run_stands_with_it(more: dict[str, object]) -> None:
    lost = {**record("lost", 2, {}), "run_id": "run-a"}
    page = draw([record("intent", 1, {}), lost, record("annotation", 3, {"run": "run-a", **more})])
    assert "Found since" in page
    assert "record 3" in page
    assert "lost, more found since" in page
    assert ("exit status 7" in page) is bool(more)
