import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from countersign.domain.neutral import IN_A_CHECKPOINT, code, fence, hidden, inline, line, neutral, quote, title, visible

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

# Heavy on what Markdown, forges and terminals act on, with everything else of Unicode mixed in.
SIGNS = "\\`*_[](){}<>#|~$&!^%@/:-+=.'\" \n\t\r"
PHRASES = (
    "://", "www.", "/approve", "@dana", "![x](http://e)", "<!--", "-->", "1.", "```", "\u202e", "\u200b", "\x1b[31m", "\u2028",
    "a", "é", "0", ":-", "---", "~~~", "&lt;", "&nbsp;", "<img src=x>", "\\\n", "TK1_HOST_J2XI7NVMHUPM3OVG_XG",
    "7@sha256:", "@SHA256:", "x:1.2@sha256:" + "b" * 64,
)  # fmt: skip
HOSTILE = st.lists(st.sampled_from([*SIGNS, *PHRASES]) | st.characters(), max_size=30).map("".join)


def spans(markdown: str) -> list[Token]:
    return [span for token in MARKDOWN.parse(markdown) for span in (token.children or [token]) if span.type != "inline"]


def words(markdown: str) -> str:
    breaks = {"hardbreak", "softbreak", "paragraph_close"}
    return "".join("\n" if span.type in breaks else span.content for span in spans(markdown)).removesuffix("\n")


def apart(text: str) -> str:
    """Give a text as it is shown: with a blank where it would look like a checkpoint."""
    return IN_A_CHECKPOINT.sub(" ", visible(text))


def assert_only_text(markdown: str) -> None:
    """No link, image, HTML, heading, list or table: paragraphs of text, and code spans around single signs at most."""
    for span in spans(markdown):
        assert span.type in {
            "text", "text_special", "code_inline", "hardbreak", "softbreak",
            "paragraph_open", "paragraph_close", "blockquote_open", "blockquote_close",
        }, span  # fmt: skip
        if span.type == "code_inline":
            assert re.fullmatch(r"(?:@|://|#|\.)+", span.content)
        if span.type == "text":
            assert not re.findall(r"@|://|www\.", span.content)


@given(HOSTILE)
def test_inline_text_reads_as_written_and_does_nothing(text: str) -> None:
    markdown = inline(text)

    assert_only_text(markdown)
    assert words(markdown) == " ".join(apart(text).split())


@given(HOSTILE)
@example("www.@")  # two code spans side by side would be one with ticks in it
@example("\\\n\n\\")
def test_a_quotation_reads_as_written_and_does_nothing(text: str) -> None:
    markdown = quote(text)

    assert_only_text(markdown)
    assert all(line.startswith(">") for line in markdown.split("\n"))
    assert words(markdown).replace("\xa0", "").split() == apart(text).replace("\xa0", "").split()


@given(HOSTILE)
@example("a`1@sha256:``b 2@sha256:`")
def test_a_code_span_is_one_span_to_the_letter(text: str) -> None:
    """Or several in a row, where one would look like a checkpoint."""
    paragraph = [span for span in spans("x " + code(text) + " y") if not span.type.startswith("paragraph")]

    shown = visible(text).replace("\n", "⟨U+000A⟩").replace("\t", "⟨U+0009⟩")
    parts = IN_A_CHECKPOINT.split(shown)
    assert [span.type for span in paragraph] == ["text", *["code_inline", "text"] * len(parts)]
    assert [span.content for span in paragraph[2:-1:2]] == [" "] * (len(parts) - 1)
    assert [span.content for span in paragraph[1::2]] == parts or not shown.strip(" ")


@given(HOSTILE)
def test_a_code_span_stays_in_its_cell(text: str) -> None:
    table = MARKDOWN.parse(f"| a | b |\n|---|---|\n| {code(text, cell=True)} | {inline(text)} |\n")

    assert sum(token.type == "td_open" for token in table) == 2
    assert sum(token.type == "tr_open" for token in table) == 2


@given(HOSTILE)
def test_a_fence_is_one_block(text: str) -> None:
    blocks = [token for token in MARKDOWN.parse(fence(text)) if not token.type.startswith("blockquote")]

    assert [token.type for token in blocks] == ["fence"]
    assert [line.rstrip(" ") for line in blocks[0].content.split("\n")] == [
        line.rstrip(" ") for line in (apart(text) + "\n").split("\n")
    ]


@given(HOSTILE, st.sampled_from([inline, quote, code, fence, title, neutral]))
def test_no_line_is_a_command_and_nothing_is_hidden(text: str, write: object) -> None:
    assert callable(write)
    written = str(write(text)) if write is not title else "title: " + title(text)

    assert not any(hidden(character) for character in written)
    assert not any(line.lstrip().startswith("/") for line in written.splitlines())


@given(HOSTILE, st.sampled_from([inline, quote, code, fence, title]))
@example("7@sha256:" + "b" * 64, code)
@example("7\n@sha256:", quote)
def test_nothing_that_others_write_looks_like_a_checkpoint(text: str, write: object) -> None:
    """Neither in what is sent to the forge nor in what is copied from where the forge shows it."""
    assert callable(write)
    written = str(write(text))

    assert not IN_A_CHECKPOINT.search(written)
    assert not IN_A_CHECKPOINT.search(words(f"x {written}"))


@given(HOSTILE)
def test_the_last_gate_leaves_other_lines_alone(text: str) -> None:
    before, after = visible(text).split("\n"), neutral(text).split("\n")

    assert len(before) == len(after)
    assert all(new in {old, old.replace("/", "\\/", 1)} for old, new in zip(before, after, strict=True))
    assert neutral(neutral(text)) == neutral(text)


@given(HOSTILE)
def test_a_title_is_one_short_line_without_mentions(text: str) -> None:
    assert "\n" not in title(text)
    assert "@" not in title(text)
    assert len(title(text)) <= 255


@pytest.mark.parametrize(
    "character",
    ["\u202e", "\u2066", "\u200b", "\ufeff", "\u00ad", "\x1b", "\r", "\x00", "\u2028", "\u3164", "\ufe0f", "\U000e0041", "\ud800"],
)
def test_what_nobody_sees_is_shown(character: str) -> None:
    assert visible(f"a{character}b") == f"a⟨U+{ord(character):04X}⟩b"


@pytest.mark.parametrize("text", ["DROP TABLE users;", "naïve 表", "a\tb\n\nc", "✓ done", "e\u0301"])
def test_what_everybody_sees_stays(text: str) -> None:
    assert visible(text) == text


def test_examples_of_what_a_reader_gets() -> None:
    assert inline("ask @dana, see #12 or https://evil.example") == "ask `@`dana, see `#`12 or https`://`evil.example"
    assert quote("/approve\n\n![beacon](http://e/x.png)") == "> \\/approve\n>\n> \\!\\[beacon\\](http`://`e/x.png)"
    assert code("psql -c `x` | cat", cell=True) == "``psql -c `x` \\| cat``"
    assert line("a\x1b[2J\n b\u202e\t*c*") == "a⟨U+001B⟩[2J b⟨U+202E⟩ *c*"
    assert inline("no image tools:1.2@sha256:abc") == "no image tools:1.2 `@`sha256:abc"
    assert code("tools:1.2@sha256:abc") == "`tools:1.2` `@sha256:abc`"
    assert fence("/usr/bin/psql\n```") == "> ````text\n> /usr/bin/psql\n> ```\n> ````"
    assert neutral("fine\n\r/merge\n  /label ~x") == "fine\n⟨U+000D⟩/merge\n  \\/label ~x"


def test_a_placeholder_stays_a_word_and_acts_on_nothing() -> None:
    token = "TK1_HOST_J2XI7NVMHUPM3OVG_XG"
    for text in (token, f"_{token}_", f"__{token}__ x_{token}_y", f"*{token}*"):
        assert token in inline(text)
        assert token in quote(text)
        assert_only_text(quote(text))
        assert words(inline(text)) == text
