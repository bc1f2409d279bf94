"""What the documents name is there: links, and the tests that they say show something."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from countersign.domain.policy import Document
from countersign.domain.policy_yaml import read_draft
from countersign.domain.scenarios.reader import read_scenarios

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("helm/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
NAMED_TEST = re.compile(r"`(test_\w+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not broken


def test_every_test_that_the_documents_name_exists() -> None:
    named = {name for page in PAGES for name in NAMED_TEST.findall(page.read_text())}
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert named
    assert not {name for name in named if f"def {name}(" not in written}


GUIDE = (ROOT / "docs/policy-guide.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
WHOLE = next(block for block in BLOCKS if block.startswith("version:"))
BESIDE = {"CODEOWNERS": b"* @acme/web\n", "floor.yaml": (ROOT / "policy-schema/examples/valid/floor.yaml").read_bytes()}


def parts(text: str) -> dict[str, str]:
    """Split a policy into its keys at the top."""
    return {part.partition(":")[0]: part for part in re.split(r"^(?=[a-z]+:)", text, flags=re.MULTILINE) if part.strip()}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0][:40])
def test_every_policy_of_the_guide_loads(block: str) -> None:
    """A block is a policy, scenarios, or parts that take the place of the first policy's."""
    if block.startswith("- "):
        assert read_scenarios(block.encode(), file="scenarios.yaml")
        return
    text = block if block.startswith("version:") else "".join((parts(WHOLE) | parts(block)).values())
    draft = read_draft(text.encode())
    assert draft.policy({source: BESIDE[source.path] for source in draft.wants}).teams


def keys(model: type[BaseModel]) -> set[str]:
    """Give the keys of a part and of all parts below it."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        found.add(field.alias or name)
        waiting: list[object] = [field.annotation]
        while waiting:
            kind = waiting.pop()
            waiting.extend(get_args(kind))
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= keys(kind)
    return found


def test_the_guide_names_every_key_that_there_is() -> None:
    assert keys(Document) >= {"reveal", "force_command", "turns_off", "review_within"}
    assert not {key for key in keys(Document) if f"`{key}`" not in GUIDE}
