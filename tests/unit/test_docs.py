"""What the documents name is there: links, and the tests that they say show something."""

import re
from pathlib import Path

import pytest

from countersign.domain.policy_yaml import load_policy
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


def test_the_policy_guides_policy_loads() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/policy-guide.md").read_text(), re.DOTALL)
    whole = [block for block in blocks if block.startswith("version:")]
    assert whole
    for block in whole:
        assert load_policy(block.encode()).teams
    for block in blocks:
        if block.startswith("- "):
            assert read_scenarios(block.encode(), file="scenarios.yaml")
        elif block not in whole:
            assert load_policy((whole[0] + block).encode()).digest
