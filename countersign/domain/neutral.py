"""Makes text that somebody else wrote harmless inside our comments, descriptions and titles (attack 44). Pure.

Forges act on text: GitLab runs `/approve` and `/merge` at the beginning of a line as whoever posts it, `@name` notifies,
images are fetched by the reader's browser, and a terminal obeys escape sequences. Here text comes out as what it is: letters
to read. Nothing is dropped; what cannot be seen is shown as ⟨U+XXXX⟩. Does not shorten and does not search for secrets.

`countersign audit verify --checkpoint` acts on text, too: it takes what runners write as `42@sha256:…` out of their comments. No
text of somebody else's comes out in that form: a blank stands before the `@`, as in `postgres:16 @sha256:…`.

Choose by where the text goes: `inline`, `code`, `title`, `line` for one line, `quote` and `fence` for a block. `neutral` is the
last gate for a whole comment of ours.
"""

import re
import unicodedata

IN_A_CHECKPOINT = re.compile(r"(?<=\d)(?=@sha256:)", re.IGNORECASE)
"""The place in which a text may be meant as a checkpoint: a blank there, and it is none (`attestation.checkpoint`)."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Blank although Unicode calls them letters, marks or symbols."""

_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SPECIAL = re.compile(
    r"(?P<token>TK1_[A-Z]{4,8}_[A-Z2-7]{16}_[A-Z2-7]{2})|(?P<live>(?:@|://|#(?=\d)|(?<=www)\.)+)|[\\`*_\[\]<>#|~$&!^%]",
    re.IGNORECASE,
)
"""What Markdown and forges act on. A backslash is enough for all but the live ones: links, mentions, references. A placeholder of
`tokens` stays a word that can be searched for and read back: an underscore between letters is nothing to Markdown."""

_BLOCK_START = re.compile(r"[-+=/]|:(?!//)|\d+[.)]")
_TITLE_LIMIT = 255
"""GitLab refuses longer titles."""


def hidden(character: str) -> bool:
    """Say whether a reader would not see the character, or would see others in another order. Newline and tab are seen."""
    if character in "\n\t":
        return False
    return (
        unicodedata.category(character) in _HIDDEN_CATEGORIES
        or character in _HIDDEN_LETTERS
        or _VARIATION.fullmatch(character) is not None
    )


def visible(text: str) -> str:
    """Show every hidden character as ⟨U+XXXX⟩. Lines end in a newline alone."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():  # most texts, at once
        return text
    return "".join(_shown(character) if hidden(character) else character for character in text.replace("\r\n", "\n"))


def line(text: str) -> str:
    """Show the text on one line, as it is: for a terminal or a file of plain text."""
    return " ".join(visible(text).split())


def inline(text: str) -> str:
    """Write the text as one line of Markdown prose: for a paragraph, a list item or the cell of a table."""
    return _escaped(_no_checkpoint(line(text)))


def title(text: str) -> str:
    """Write the text as the title of a change: one line, no mention, cut at what forges take.

    Titles are shown both as Markdown and as plain text, so nothing is escaped; an `@` becomes the wide one.
    """
    shown = line(text).replace("@", "\uff20")
    return shown if len(shown) <= _TITLE_LIMIT else shown[: _TITLE_LIMIT - 1] + "…"


def code(text: str, *, cell: bool = False) -> str:
    """Write the text as a code span, to the letter; as two, where one would look like a checkpoint.

    With `cell` it is for a table, where a bar would end the cell.
    """
    shown = "".join(_shown(character) if character in "\n\t" else character for character in visible(text))
    return " ".join(_span(part, cell=cell) for part in IN_A_CHECKPOINT.split(shown))


def quote(text: str) -> str:
    """Write the text as a block quotation, line by line."""
    lines = [line.rstrip() for line in _no_checkpoint(visible(text)).split("\n")]
    quoted = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        words = line.lstrip()
        line_break = "\\" if words and following else ""
        indent = "&nbsp;" * (len(line.expandtabs()) - len(line.expandtabs().lstrip()))
        quoted.append(f"> {indent}{_escaped(words)}{line_break}".rstrip(" "))
    return "\n".join(quoted)


def fence(text: str) -> str:
    """Write the text as a quoted code block: for diffs and output. The quotation keeps `/` off line starts."""
    shown = _no_checkpoint(visible(text))
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return "\n".join(f"> {line}".rstrip(" ") for line in (f"{ticks}text", *shown.split("\n"), ticks))


def neutral(body: str) -> str:
    """Let no line of a comment be a command: the last gate, whatever the parts were made of.

    Hidden characters are shown first: GitLab takes carriage returns out before it looks for commands.
    """
    return "\n".join(
        line[: len(line) - len(words)] + "\\" + words if (words := line.lstrip()).startswith("/") else line
        for line in visible(body).split("\n")
    )


def _no_checkpoint(shown: str) -> str:
    return IN_A_CHECKPOINT.sub(" ", shown)


def _span(shown: str, *, cell: bool) -> str:
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if not shown or shown[0] in "` " or shown[-1] in "` " else ""
    return fence + pad + (shown.replace("|", r"\|") if cell else shown) + pad + fence


def _shown(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def _escaped(line: str) -> str:
    """Escape one line without surrounding blanks, as if it stood at the beginning of a block."""
    start = _BLOCK_START.match(line)
    head = "" if start is None else line[: start.end() - 1] + "\\" + line[start.end() - 1]
    return head + _SPECIAL.sub(_special, line[0 if start is None else start.end() :])


def _special(found: re.Match[str]) -> str:
    if found.group("token"):
        return found.group()
    return f"`{found.group()}`" if found.group("live") else "\\" + found.group()
