"""Every field that the control map names is in a record that a runner really wrote."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.runner import RunnerWorld

DOCS = Path(__file__).parents[3] / "docs"
MAP = json.loads((DOCS / "control-map.json").read_text())
WANTED = {"CC8.1", "CC6.1", "CC6.2", "CC6.3", "6.5.1", "164.312(b)", "A.8.32"}
NAMED = sorted({(field["kind"], field["path"]) for control in MAP["controls"] for field in control["fields"]})


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, Any]]:
    """One record of each kind: an approved publication, and a refused migration."""
    world = RunnerWorld()
    ref = world.propose({"db/production/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"})
    world.handle(ref)
    world.approve(ref, "wanda")
    world.handle(ref)
    world.handle(world.propose({"db/production/shop/V3__drop.sql": "DROP TABLE orders;\n"}))
    return {entry.kind.value: json.loads(entry.raw) for entry in world.ledger.entries}


def values(document: object, path: str) -> Iterator[object]:
    name, _, rest = path.partition(".")
    inner = document[name.removesuffix("[]")] if isinstance(document, dict) else None
    assert isinstance(document, dict), name
    for item in inner if name.endswith("[]") else [inner]:  # type: ignore[union-attr]  # a list, or the test fails
        if rest:
            yield from values(item, rest)
        else:
            yield item


@pytest.mark.parametrize(("kind", "path"), NAMED, ids=lambda part: part)
def test_a_named_field_is_in_a_real_record(records: dict[str, dict[str, Any]], kind: str, path: str) -> None:
    assert list(values(records[kind], path)), "the list is empty: the record shows nothing of it"


def test_the_controls_that_auditors_ask_for_are_mapped() -> None:
    assert {control["control"] for control in MAP["controls"]} == WANTED


def test_the_page_says_what_the_file_says() -> None:
    page = (DOCS / "control-map.md").read_text()
    for control in MAP["controls"]:
        _, _, section = page.partition(f"## {control['framework']} {control['control']}\n")
        section = section.partition("\n## ")[0]
        assert control["asks"] in section
        assert control["limits"] in section
        for field in control["fields"]:
            assert f"`{field['path']}`" in section
