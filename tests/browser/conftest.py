"""One browser, one exported site and one served face for all of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from countersign.cli.main import main
from tests.support.auditor import Auditor
from tests.support.chromium import chromium
from tests.support.pages import audit_pages, served
from tests.support.shelf import shelf


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with this folder: while it is there, Playwright's loop holds the thread and no other may be started in it."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    return shelf(tmp_path_factory.mktemp("shelf"), changes=60)


@pytest.fixture(scope="module")
def site(auditor: Auditor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "audit"
    arguments = ["audit", "export", "--format", "html", "--out", str(folder), "--from", "2026-09-01"]
    assert main([*arguments, "--repo", str(auditor.clone), "--trust-root", str(auditor.trust_file)]) == 0
    return folder


@pytest.fixture(scope="module")
def address(auditor: Auditor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(audit_pages(auditor.clone, tmp_path_factory.mktemp("index"))) as started:
        yield started
