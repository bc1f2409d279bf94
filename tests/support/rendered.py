"""Renders what the bot writes as a forge would, and sees that nothing in it acts: no command, link, image or foreign HTML."""

from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token

from countersign.domain.neutral import neutral

OURS = (
    "<br>",
    "<details><summary>What the agent says: quoted, unverified</summary>",
    "<details><summary>How to reproduce</summary>",
    "</details>",
)
"""The tags that the bot's comment brings itself."""

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def inert(written: str, *, html: Iterable[str] = ()) -> list[Token]:
    """Give the tokens of a text in which nothing acts. `html` are the tags that the text may bring itself."""
    assert written == neutral(written)
    assert not any(line.lstrip().startswith("/") for line in written.splitlines())
    blocks = _MARKDOWN.parse(written)
    leaves = [leaf for block in blocks for leaf in block.children or ()]
    assert {leaf.type for leaf in leaves}.isdisjoint({"image", "link_open"})
    assert {token.content.strip() for token in (*blocks, *leaves) if token.type.startswith("html_")} <= set(html)
    text = "".join(leaf.content for leaf in leaves if leaf.type == "text")
    assert "@" not in text
    assert "://" not in text
    return blocks
