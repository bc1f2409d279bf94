"""`countersign audit export`: spreadsheets, lines, and a folder of pages."""

import csv
import json
from pathlib import Path

from tests.support.shelf import Shell


def test_a_spreadsheet_of_a_time(run: Shell, tmp_path: Path) -> None:
    assert run("export", "--from", "2026-10-01", "--to", "2026-10-31", "--out", str(tmp_path / "october.csv"))[0] == 0
    with (tmp_path / "october.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(row["recorded"].startswith("2026-10-") for row in rows)
    assert [int(row["seq"]) for row in rows] == sorted(int(row["seq"]) for row in rows)


def test_lines_are_whole_records_oldest_first(run: Shell, tmp_path: Path) -> None:
    assert run("export", "--format", "jsonl", "--out", str(tmp_path / "all.jsonl"))[0] == 0
    lines = (tmp_path / "all.jsonl").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(len(lines)))
    assert run("export", "--format", "jsonl")[1].splitlines() == lines
    logged = [json.loads(line) for line in run("log", "--format", "json")[1].splitlines()]
    assert all(one.pop("signer").startswith("SHA256:") for one in logged), "which the index does not know"
    assert [json.loads(line) for line in lines] == logged


def test_pages_are_a_folder_whose_links_lead_somewhere(run: Shell, tmp_path: Path) -> None:
    site = tmp_path / "site"
    status, out, _ = run("export", "--format", "html", "--from", "2026-10-01", "--out", str(site))
    pages = [page for page in site.rglob("*") if page.is_file()]
    assert status == 0
    assert out == f"{site}: {len(pages)} pages\n"
    for page in pages:
        text = page.read_text()
        assert "Every record was verified." in text
        for part in text.split('href="')[1:]:
            link = part.partition('"')[0]
            assert link.startswith(("#", "https://forge.example/")) or (page.parent / link).is_file(), link


def test_pages_say_where_nothing_was_checked(run: Shell, tmp_path: Path) -> None:
    assert run("export", "--format", "html", "--from", "2026-11-20", "--out", str(tmp_path / "site"), trust=False)[0] == 0
    assert "Signatures were not checked." in (tmp_path / "site" / "index.html").read_text()


def test_the_same_records_give_the_same_pages(run: Shell, tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert run("export", "--format", "html", "--from", "2026-11-15", "--out", str(tmp_path / name))[0] == 0
    one, other = (
        {page.relative_to(tmp_path / name): page.read_bytes() for page in (tmp_path / name).rglob("*.html")}
        for name in ("one", "other")
    )
    assert one == other


def test_a_time_without_records_is_an_empty_site(run: Shell, tmp_path: Path) -> None:
    assert run("export", "--format", "html", "--from", "2030-01-01", "--out", str(tmp_path / "site"))[0] == 0
    assert "none in this time" in (tmp_path / "site" / "index.html").read_text()
    assert "No record matches." in (tmp_path / "site" / "timeline.html").read_text()


def test_what_cannot_be_written_is_said(run: Shell, tmp_path: Path) -> None:
    assert "name a new one with --out" in run("export", "--format", "html")[2]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    assert "not empty" in run("export", "--format", "html", "--out", str(tmp_path / "full"))[2]
    assert "cannot be written" in run("export", "--out", str(tmp_path / "no" / "where.csv"))[2]
