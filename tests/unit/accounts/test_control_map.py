"""Every field that the control map names says something in a record that a runner really wrote."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from countersign.domain.ids import ChangeRef
from countersign.domain.run import Connection, Endpoint
from tests.builders import SHOP_POLICY
from tests.fakes.runner import TRAILERS, RunnerWorld
from tests.fakes.sandbox import Script

DOCS = Path(__file__).parents[3] / "docs"
MAP = json.loads((DOCS / "control-map.json").read_text())
WANTED = {"CC8.1", "CC6.1", "CC6.2", "CC6.3", "6.5.1", "164.312(b)", "A.8.32"}
NAMED = sorted({(field["kind"], field["path"]) for control in MAP["controls"] for field in control["fields"]})


def approved(world: RunnerWorld, files: dict[str, str], *names: str) -> ChangeRef:
    """Have people say yes to a change that the runner has put on the record."""
    ref = world.propose(
        files, words="Because people ask for it.", trailers=(*TRAILERS, ("Countersign-Rollback", "drop the column"))
    )
    world.handle(ref)
    world.approve(ref, *names)
    world.handle(ref)
    return ref


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, Any]]:
    """One record of each kind: an approved migration, a refused one, and a change of the policy. The sponsor approves each, too."""
    world = RunnerWorld(policy=SHOP_POLICY.replace('[migrate, "{files}"]', '[migrate, "{files}"]\n    rollback: [unmigrate]'))
    world.sandbox.script(Script(stderr="one row\n", connections=(Connection(Endpoint("db.shop.example", 5432), True, 900, 400),)))
    add = "ALTER TABLE orders ADD COLUMN note text;\n"
    approved(world, {"db/production/shop/V2__note.sql": add}, "wanda", "sam")
    gone = approved(world, {"db/production/shop/V2__gone.sql": add}, "lea", "sam")
    world.world.push(gone, world.commit({"db/production/shop/V2__gone.sql": "DROP TABLE orders;\n"}, branch="proposals/1"))
    world.handle(gone)
    ref = approved(world, {".countersign/policy.yaml": world.policy + "# more\n"}, "lea", "lou", "wanda", "sam")
    world.forge.merge(ref, world.world.held(ref).head, into="main")
    world.handle(ref)
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
    found = list(values(records[kind], path))
    assert found, "the list is empty: the record shows nothing of it"
    assert not [value for value in found if value is None or value in ("", [], {})], "the record shows nothing of it"


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
