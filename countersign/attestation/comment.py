"""How a comment on a change carries a checkpoint: the form in which runners write it, and how it is found again. Pure.

Such a comment begins with a hidden marker and ends with the line of its checkpoint. Between the two stand words, and in them names
that an agent chose: nothing there is a checkpoint, whatever it looks like. Without the marker nobody knows where a comment
begins, and nothing is taken for its words: whoever writes comments lets no text of others out in that form (`domain.neutral`).
"""

import re
from dataclasses import dataclass

from countersign.domain.ids import MalformedError, RunId
from countersign.domain.neutral import IN_A_CHECKPOINT

WRITTEN = r"(?P<size>[1-9][0-9]{0,9})@(?P<root>sha256:[0-9a-f]{64})"
"""A checkpoint as it is written, wherever."""

_LEAD = r"[\ufeff \t>]*"
"""What stands before a line that was quoted in a mail or on a forge."""

_MARK = r"<!-- countersign:(?P<whose>bot|runner)(?: [a-z0-9-]+)? -->\s*"
_MARKER = re.compile(_LEAD + _MARK)
_LAST = re.compile(rf"{_LEAD}Checkpoint: (?P<tick>`?){WRITTEN}(?P=tick)\s*(?:{_MARK})?")
"""The line as it is written, or as it is copied from where a forge shows it. Forges take the newline off its end, so that the next
one's marker may follow where comments were put into one file."""


def marker(run: RunId | None = None) -> str:
    """Give the hidden line with which a runner's comment begins: of a run, or of what was refused before there was one."""
    return "<!-- countersign:runner -->" if run is None else f"<!-- countersign:runner {run} -->"


def last_line(checkpoint: object) -> str:
    """Give the line with which it ends."""
    return f"Checkpoint: `{checkpoint}`"


@dataclass(frozen=True, slots=True)
class Kept:
    """A text without the words of our comments: what is left may hold checkpoints. Lines stay where they are, if empty.

    `passed_over` are the numbers of lines that are not left and look as if they held one.
    """

    text: str
    passed_over: tuple[int, ...]


def without_words(text: str) -> Kept:
    """Take the words of runners' comments out of what somebody kept: what stands between a marker and the last line behind it.

    Raises:
        MalformedError: a runner's comment without its last line, or what looks like a checkpoint in one of the bot's.
    """
    lines = text.split("\n")
    kept = list(lines)
    begun: tuple[int, str] | None = None
    for number, line in enumerate(lines):
        last = _LAST.fullmatch(line)
        found = last or _MARKER.fullmatch(line)
        if found is None:
            continue
        if last is not None and begun is not None and begun[1] == "runner":
            kept[begun[0] + 1 : number] = [""] * (number - begun[0] - 1)
        else:
            _close(lines, begun, number + 1)
        begun = None if found["whose"] is None else (number, found["whose"])
    _close(lines, begun, len(lines))
    passed_over = (at for at, line in enumerate(lines, 1) if not kept[at - 1] and IN_A_CHECKPOINT.search(line))
    return Kept("\n".join(kept), tuple(passed_over))


def _close(lines: list[str], begun: tuple[int, str] | None, end: int) -> None:
    """See that a comment that ends without the line of a checkpoint is one of the bot's, and that nothing in it looks like one."""
    if begun is None:
        return
    first, whose = begun
    if whose == "runner":
        raise MalformedError(
            f"line {first + 1}: a runner's comment begins here, and its last line, `Checkpoint: 42@sha256:…`, is not there"
        )
    for at in range(first + 1, end):
        if IN_A_CHECKPOINT.search(lines[at]):
            raise MalformedError(f"line {at + 1}: in a comment of the bot's, which holds no checkpoint: give it for itself")
