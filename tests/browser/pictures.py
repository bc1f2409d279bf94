"""Takes the pictures of the pages that docs show: `python -m tests.browser.pictures`. The same history, so the same pictures."""

import sys
import tempfile
from pathlib import Path

from countersign.cli.main import main
from tests.support.chromium import chromium
from tests.support.shelf import shelf

FOLDER = Path(__file__).parents[2] / "docs/img"
_WIDTH = 1120


def take(folder: Path) -> None:
    """Export half a year of a shop, and take a picture of each kind of page."""
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        auditor = shelf(Path(scratch), changes=280)
        site = Path(scratch) / "site"
        export = ["audit", "export", "--format", "html", "--out", str(site), "--from", "2026-07-01"]
        if main([*export, "--repo", str(auditor.clone), "--trust-root", str(auditor.trust_file)]):
            sys.exit("the export failed")
        changes = sorted((site / "changes").iterdir())
        change = [page for page in changes if "did not count" in page.read_text() and "state executed" in page.read_text()][-1]
        shots = (
            ("pages-overview", site / "index.html", "light", 1000),
            ("pages-overview-dark", site / "index.html", "dark", 1000),
            ("pages-timeline", site / "timeline.html", "light", 700),
            ("pages-change", change, "light", 2600),
        )
        for name, page, scheme, height in shots:
            with browser.new_context(
                color_scheme="dark" if scheme == "dark" else "light",
                viewport={"width": _WIDTH, "height": height},
                java_script_enabled=False,
            ) as context:
                tab = context.new_page()
                tab.goto(page.as_uri())
                tab.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    take(FOLDER)
