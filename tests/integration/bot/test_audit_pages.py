"""The audit pages over HTTP: who gets in, what is answered, and that nothing else is."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest

from bot.audit_pages import AuditPages
from countersign.adapters.index.index import Index
from countersign.adapters.index.question import Question
from countersign.attestation.accounts.account import Account
from tests.support.auditor import Auditor
from tests.support.pages import TOKEN, audit_pages, served
from tests.support.shelf import shelf

SHOP = "/audit/acme/shop/-/"


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    return shelf(tmp_path_factory.mktemp("shelf"), changes=60)


@pytest.fixture(scope="module")
def pages(auditor: Auditor, tmp_path_factory: pytest.TempPathFactory) -> AuditPages:
    return audit_pages(auditor.clone, tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def client(pages: AuditPages) -> Iterator[httpx.Client]:
    with served(pages) as address, httpx.Client(base_url=address, auth=("anybody", TOKEN)) as made:
        yield made


@pytest.mark.parametrize("path", ["/audit/", SHOP, f"{SHOP}timeline", f"{SHOP}changes/1", "/audit/acme/nowhere/-/"])
@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !"},
        {"Authorization": f"Digest {TOKEN}"},
    ],
)
def test_without_the_token_nothing_is_shown_not_even_what_exists(client: httpx.Client, path: str, header: dict[str, str]) -> None:
    answer = httpx.get(f"{client.base_url}{path}", headers=header)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert "acme" not in answer.text


def test_the_token_opens_them_as_password_or_bearer(client: httpx.Client) -> None:
    assert client.get(SHOP).status_code == 200
    assert httpx.get(f"{client.base_url}{SHOP}", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_they_are_off_unless_they_are_set_up() -> None:
    with served(None) as address:
        assert httpx.get(f"{address}/audit/", auth=("a", TOKEN)).status_code == 404


def test_they_are_read_only(client: httpx.Client) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.request(method, f"{SHOP}timeline").status_code == 405


def test_every_page_says_what_it_may_load(client: httpx.Client) -> None:
    for path in ("/audit/", SHOP, f"{SHOP}timeline"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


@pytest.fixture(scope="module")
def told(pages: AuditPages) -> list[Account]:
    """Every record, as the index tells it where nothing narrows the question."""
    seen = pages.views.look("acme/shop")
    assert seen is not None
    with closing(Index(seen.index, seen.repository, seen.tip)) as index:
        return [row.told for row in index.ask(Question())]


FIELDS: dict[str, tuple[str, Callable[[Account], bool]]] = {
    "from": ("2026-08-01", lambda told: told.recorded >= "2026-08-01"),
    "to": ("2026-08-01", lambda told: told.recorded < "2026-08-02"),
    "environment": ("staging", lambda told: told.environment == "staging"),
    "kind": ("failed", lambda told: told.kind == "failed"),
    "agent": ("sre-helper", lambda told: told.agent == "sre-helper"),
    "approver": ("lou", lambda told: "lou" in told.approvers),
    "service": ("checkout", lambda told: "checkout" in told.services),
    "text": ("lock timeout", lambda told: told.kind == "failed"),
}
"""Each field of the form, something to ask for, and which records are meant."""


@pytest.mark.parametrize("name", FIELDS)
def test_the_timeline_is_narrowed_by_every_field(client: httpx.Client, told: list[Account], name: str) -> None:
    value, meant = FIELDS[name]
    wanted = [item for item in told if meant(item)]
    assert 0 < len(wanted) < len(told)
    page = client.get(f"{SHOP}timeline", params={name: value}).text
    assert f"{len(wanted)} records match, newest first." in page
    assert re.findall(r'class="when"><time datetime="([^"]+)"', page) == [item.recorded for item in wanted[:100]]
    assert f'<option value="{value}" selected>' in page or f'name="{name}" value="{value}"' in page, "the form says what was asked"


def test_no_field_of_the_form_is_left_out_here(client: httpx.Client) -> None:
    form = client.get(f"{SHOP}timeline").text.partition("<form")[2].partition("</form>")[0]
    assert re.findall(r' name="([^"]+)"', form) == list(FIELDS)


@pytest.mark.parametrize("name", ["environment", "agent", "approver", "service", "text"])
def test_what_no_record_says_matches_none(client: httpx.Client, name: str) -> None:
    assert "No record matches." in client.get(f"{SHOP}timeline", params={name: "nobody"}).text


def test_two_fields_narrow_together(client: httpx.Client, told: list[Account]) -> None:
    page = client.get(f"{SHOP}timeline", params={"environment": "production", "kind": "failed"}).text
    assert f"{sum(item.environment == 'production' and item.kind == 'failed' for item in told)} records match" in page
    assert "chip failed" in page
    assert "chip intent" not in page


def test_links_to_other_pages_ask_for_the_same(client: httpx.Client) -> None:
    asked = {name: value for name, (value, _) in FIELDS.items()}
    page = client.get(f"{SHOP}timeline", params={**asked, "before": "9"}).text
    link = page.partition('rel="prev" href="?')[2].partition('"')[0]
    assert dict(parse_qsl(unescape(link))) == asked


def test_older_records_are_those_before_the_one_that_is_named(client: httpx.Client, told: list[Account]) -> None:
    page = client.get(f"{SHOP}timeline", params={"before": "9"}).text
    assert "9 older records match." in page
    assert re.findall(r'class="when"><time datetime="([^"]+)"', page) == [item.recorded for item in told if item.seq < 9]


def test_older_records_are_a_link_away(client: httpx.Client) -> None:
    first = client.get(f"{SHOP}timeline").text
    assert 'rel="next" href="?before=' in first
    older = first.partition('rel="next" href="')[2].partition('"')[0]
    second = client.get(f"{SHOP}timeline{older}").text
    assert 'rel="prev"' in second
    assert second != first


@pytest.mark.parametrize(
    "asked", [{"from": "noon"}, {"kind": "done"}, {"before": "x"}, {"text": "x" * 300}, {"agent": "claude\u200b"}]
)
def test_what_cannot_be_read_is_refused(client: httpx.Client, asked: dict[str, str]) -> None:
    answer = client.get(f"{SHOP}timeline", params=asked)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/audit/acme/nowhere/-/", f"{SHOP}changes/999999", f"{SHOP}changes/x", f"{SHOP}changes/%D9%A7", f"{SHOP}../../x"]
)
def test_what_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_what_is_asked_comes_back_as_text(client: httpx.Client) -> None:
    answer = client.get(f"{SHOP}timeline", params={"agent": '"><script>alert(1)</script>'}).text
    assert "<script" not in answer
    assert "&#34;&gt;&lt;script&gt;" in answer


def test_an_environment_that_was_asked_for_is_shown_as_chosen_though_no_record_names_it(client: httpx.Client) -> None:
    answer = client.get(f"{SHOP}timeline", params={"environment": "production\u200b"}).text
    assert '<option value="production&#x200B;" selected>production⟨U+200B⟩</option>' in answer
    assert "0 records match" in answer


def test_a_project_without_records_says_so(client: httpx.Client) -> None:
    assert "none yet" in client.get("/audit/acme/none/-/").text
    assert "no records yet" in client.get("/audit/acme/none/-/timeline").text
    assert client.get("/audit/acme/none/-/changes/1").status_code == 404


def test_a_token_of_another_deployment_opens_nothing(pages: AuditPages) -> None:
    with served(replace(pages, token="another-token-0123456789")) as address:
        assert httpx.get(f"{address}{SHOP}", auth=("a", TOKEN)).status_code == 401


def test_the_index_lies_where_it_was_told(pages: AuditPages, client: httpx.Client) -> None:
    client.get(SHOP)
    seen = pages.views.look("acme/shop")
    assert seen is not None
    assert Path(seen.index).is_file()
