"""The pages in a real browser, script switched off: they render, filter, can be read by everybody, and load nothing."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.support.chromium import CONTRAST, complaints
from tests.support.pages import TOKEN

Scheme = Literal["light", "dark"]
ENOUGH = 4.5
"""WCAG 2.2, 1.4.3 (AA): text against its background."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab without script, signed in."""
    with browser.new_context(java_script_enabled=False, http_credentials={"username": "anybody", "password": TOKEN}) as context:
        yield context.new_page()


def a_change(site: Path, state: str) -> str:
    """Find the page of a change that ended so and has a diff."""
    found = [file for file in sorted((site / "changes").iterdir()) if f'chip state {state}"' in file.read_text()]
    return found[-1].as_uri()


@pytest.fixture(params=["index", "timeline", "executed", "failed", "refused"])
def static(site: Path, request: pytest.FixtureRequest) -> str:
    """Each kind of page of the exported site."""
    name: str = request.param
    return (site / f"{name}.html").as_uri() if name in {"index", "timeline"} else a_change(site, name)


@pytest.fixture(params=["", "timeline", "timeline?kind=failed", "changes/NEWEST"])
def live(address: str, site: Path, request: pytest.FixtureRequest) -> str:
    """Each kind of page that the bot serves."""
    newest = a_change(site, "executed").rpartition("-")[2].removesuffix(".html")
    return f"{address}/audit/acme/shop/-/{request.param.replace('NEWEST', newest)}"


def render(page: Page, url: str) -> list[str]:
    said = complaints(page)
    answer = page.goto(url)
    assert answer is None or answer.ok
    page.wait_for_load_state("load")
    return said


def test_an_exported_page_renders_without_complaint(page: Page, static: str) -> None:
    assert render(page, static) == []
    assert page.locator("h1").count() == 1
    ground = page.locator("body").evaluate("element => getComputedStyle(element).backgroundColor")
    assert ground in {"rgb(250, 249, 246)", "rgb(19, 22, 26)"}, "the style was not applied"


def test_a_served_page_renders_without_complaint(page: Page, live: str) -> None:
    assert render(page, live) == []
    assert page.locator("main h1").is_visible()


def test_a_page_asks_for_nothing_but_itself(page: Page, live: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    render(page, live)
    assert asked == [live]


def test_the_policy_stops_script_and_foreign_styles(browser: Browser, address: str) -> None:
    """With script on, so that the policy is all that stands in the way."""
    with browser.new_context(http_credentials={"username": "a", "password": TOKEN}) as context:
        page = context.new_page()
        said = complaints(page)
        page.goto(f"{address}/audit/acme/shop/-/")
        page.evaluate(
            "() => { for (const [tag, text] of [['script', 'window.ran = true'], ['style', 'body { color: red }']]) {"
            " const made = document.createElement(tag); made.textContent = text; document.body.append(made); }"
            " document.body.setAttribute('style', 'color: red'); }"
        )
        assert page.evaluate("() => window.ran") is None
        assert page.evaluate("() => getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
        assert len([text for text in said if "Content Security Policy" in text]) >= 3


def test_an_exported_timeline_is_filtered_without_script(page: Page, site: Path) -> None:
    render(page, (site / "timeline.html").as_uri())
    rows = page.locator("tr.record:visible")
    everything = rows.count()
    page.locator("label[for=kind-failed]").click()
    failed = rows.count()
    assert 0 < failed < everything
    assert set(page.locator("tr.record:visible .chip").all_inner_texts()) == {"failed"}
    page.locator("label", has_text="staging").click()
    both = page.locator("tr.record:visible").count()
    assert both < failed
    page.locator("label[for=kind-any]").click()
    assert page.locator("tr.record:visible").count() > both


def test_a_served_timeline_is_filtered_without_script(page: Page, address: str) -> None:
    render(page, f"{address}/audit/acme/shop/-/timeline")
    page.get_by_label("Kind").select_option("refused")
    page.get_by_role("button", name="Show").click()
    assert set(page.locator("tr.record .chip").all_inner_texts()) == {"refused"}
    assert page.get_by_label("Kind").input_value() == "refused"
    page.get_by_label("Agent").fill("nobody")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("No record matches.").is_visible()


def test_from_a_record_to_its_change_and_back(page: Page, address: str) -> None:
    render(page, f"{address}/audit/acme/shop/-/")
    page.locator("tr.record a").first.click()
    assert "acme/shop!" in page.locator("h1").inner_text()
    page.get_by_role("link", name="Timeline").click()
    assert page.locator("h1").inner_text() == "Timeline"


def test_one_page_tells_the_whole_change(page: Page, site: Path) -> None:
    render(page, a_change(site, "executed"))
    headings = page.locator("h2").all_inner_texts()
    assert headings == [
        "Who",
        "What",
        "Decision",
        *(["Approvals"] if "Approvals" in headings else []),
        "Plan",
        "Diff",
        "Run",
        "Records",
    ]
    assert page.locator("pre.diff .add").count() == 3
    bars = page.locator("svg rect.credential")
    assert bars.count() >= 1
    assert page.locator("svg rect.phase").count() >= 5
    box, axis = bars.first.bounding_box(), page.locator("section svg").first.bounding_box()
    assert box is not None
    assert axis is not None
    assert axis["x"] <= box["x"] <= box["x"] + box["width"] <= axis["x"] + axis["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_light_and_dark(browser: Browser, static: str, scheme: Scheme) -> None:
    with browser.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(static)
        for summary in page.locator("summary").all():
            summary.click()
        found = page.evaluate(CONTRAST)
        assert len(found) > 20
        assert [item for item in found if item[0] < ENOUGH] == []


def test_landmarks_headings_and_names(page: Page, static: str) -> None:
    render(page, static)
    assert page.locator("html").get_attribute("lang") == "en"
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        assert page.get_by_role(landmark).first.is_visible(), landmark
    levels = [int(name[1]) for name in page.locator("h1, h2, h3").evaluate_all("all => all.map(one => one.tagName)")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for picture in page.locator("svg[role=img]").all():
        names = (picture.get_attribute("aria-labelledby") or "").split()
        assert names
        assert all(page.locator(f"[id='{name}']").count() == 1 for name in names)
    assert page.locator("table:has(thead) th:not([scope])").count() == 0
    assert page.locator("[style]").count() == 0, "no inline style"
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_every_chart_has_a_table_that_says_the_same(page: Page, site: Path) -> None:
    render(page, (site / "index.html").as_uri())
    charts = page.locator("figure.card")
    assert charts.count() == 3
    for chart in charts.all():
        chart.locator("summary").click()
        assert chart.locator("table").is_visible()
    marks = page.locator("figure.card").first.locator("rect[class^=t]:not([width='12'])").count()
    cells = page.locator("figure.card").first.locator("td").all_inner_texts()
    assert marks == sum(1 for cell in cells if cell != "0") - page.locator("figure.card").first.locator("tbody tr").count()


def test_everything_is_reached_by_keyboard(page: Page, address: str) -> None:
    render(page, f"{address}/audit/acme/shop/-/timeline")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to content"
    assert page.locator(":focus").bounding_box()["x"] >= 0  # type: ignore[index]  # it is visible once it has the focus
    reached = set()
    for _ in range(26):  # a date has several stops
        page.keyboard.press("Tab")
        reached |= set(page.locator(":focus").evaluate_all("all => all.map(one => one.name || one.textContent.trim())"))
    assert {"from", "to", "environment", "kind", "agent", "approver", "service", "text", "Show"} <= reached


def test_a_narrow_screen_does_not_scroll_sideways(browser: Browser, static: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()
        page.goto(static)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
