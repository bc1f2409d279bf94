"""Hides what an agent says before anything is made of it: branch, commit, title and description are made of the hidden words.

Names (environment, action, skill) stay: those that look like a secret are not taken (`asks.py`).

The diff stays as it is: it is what is asked for, and becomes a commit. Nobody is asked; what was replaced is told to the agent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.asks import LONGEST_LINE, Ask
from countersign.domain.ids import Sha
from countersign.domain.policy_yaml import POLICY_FILE, PolicyError, read_draft
from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.placeholder import cut_behind
from countersign.domain.tokens.tokenizer import Tokenizer, total
from countersign.domain.tokens.wanted import wanted
from countersign.domain.yaml_guard import LARGEST

_LINES = ("title", "rollback", "assisted_by")
_LISTS = ("tests", "not_sure")


class Files(Protocol):
    """What is needed of a project's git objects."""

    def read(self, commit: Sha, path: str, *, limit: int) -> bytes | None:
        """Give a file's bytes at a commit; None where there is none. GitFault where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Hidden:
    """A proposal without values that must not leave, and how many of each class were replaced."""

    ask: Ask
    counts: Mapping[str, int]


def classes_at(files: Files, tip: Sha) -> frozenset[ValueClass]:
    """Give the classes of the policy at a commit, whatever environment is meant; all there are where no policy can be read.

    Raises:
        GitFault: git is unwell; try again.
    """
    data = files.read(tip, POLICY_FILE, limit=LARGEST)
    try:
        document = None if data is None else read_draft(data).document
    except PolicyError:
        document = None
    return wanted(document, None)


def hide(ask: Ask, tokenizer: Tokenizer) -> Hidden:
    """Put tokens for values into everything that the agent says. A line is as long as lines may be; a token is in it or not."""
    counts: list[Mapping[str, int]] = []

    def hidden(text: str) -> str:
        done = tokenizer.tokenize(text)
        counts.append(done.counts)
        return done.text

    changes: dict[str, object] = {"rationale": hidden(ask.rationale)}
    for name in _LINES:
        text: str | None = getattr(ask, name)
        changes[name] = None if text is None else cut_behind(hidden(text), LONGEST_LINE).strip()
    for name in _LISTS:
        lines: tuple[str, ...] = getattr(ask, name)
        changes[name] = tuple(cut_behind(hidden(line), LONGEST_LINE).strip() for line in lines)
    return Hidden(ask.model_copy(update=changes), total(counts))
