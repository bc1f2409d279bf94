"""Every block of code in the documents says what it is. Commands are run by tests/integration/docs; data can be read."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.support.markdown import PAGES, ROOT, Block, blocks, indented

ALL = [block for page in PAGES for block in blocks(page)]
RUN = {"sh", "sql"}
READ = {"json", "yaml"}
SHOWN = {"text", "mermaid"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_says_what_it_is(page: Path) -> None:
    assert indented(page) == [], "use fences, and say of what kind the block is"
    assert {block.where: block.tag for block in blocks(page) if block.tag not in RUN | READ | SHOWN} == {}


@pytest.mark.parametrize("block", [block for block in ALL if block.tag in READ], ids=lambda block: block.where)
def test_what_is_data_can_be_read(block: Block) -> None:
    if block.tag == "json":
        assert isinstance(json.loads(block.text), dict)
    else:
        assert isinstance(YAML(typ="safe").load(block.text), dict | list)


def test_what_looks_like_a_command_is_tagged_as_one() -> None:
    programs = ("countersign", "git ", "make ", "helm ", "pip ", "python", "curl ", "$ ", "export ")
    hidden = [block.where for block in ALL if block.tag == "text" and block.text.lstrip().startswith(programs)]
    assert hidden == []


def test_a_page_is_read_as_markdown_has_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Text\n\n    loose\n\n- item\n\n      in the item\n\n```sh\na\n```\n\n~~~~\n```\n~~~~\n\n```text\nopen\n")
    assert indented(page) == [3]
    assert [(block.line, block.tag, block.text) for block in blocks(page)] == [
        (9, "sh", "a\n"),
        (13, "", "```\n"),
        (17, "text (never closed)", "open"),
    ]
