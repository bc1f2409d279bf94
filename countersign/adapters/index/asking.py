"""Turns a question into SQL. Values are always parameters; names of columns are the schema's own."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field

from countersign.adapters.index.question import Question
from countersign.domain.glob_index import GlobIndex
from countersign.domain.globs import check_glob
from countersign.domain.ids import MalformedError

_SAME = ("environment", "agent", "sponsor", "author", "skill", "tier", "action", "repository", "iid", "run")
_COMPARED = {name: f"{name} = ?" for name in _SAME} | {"since": "recorded >= ?", "until": "recorded < ?", "below": "seq < ?"}
_WORD = re.compile(r'"[^"]*"|[^\s"]+')


@dataclass(slots=True)
class Where:
    """A condition and its parameters."""

    parts: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, part: str, *values: object) -> None:
        """Narrow the condition."""
        self.parts.append(part)
        self.values += values

    def __str__(self) -> str:
        """Write it as SQL."""
        return " AND ".join(self.parts) or "TRUE"


def where(base: sqlite3.Connection, question: Question) -> Where:
    """Give the condition for a question.

    Raises:
        MalformedError: the path is no glob, or a text is not UTF-8.
    """
    if any(isinstance(value, str) and value.encode(errors="replace").decode() != value for value in astuple(question)):
        raise MalformedError("what is asked for is not UTF-8")
    made = Where()
    for name, condition in _COMPARED.items():
        value = getattr(question, name)
        if value is not None:
            made.add(condition, value)
    if question.kinds:
        made.add(f"kind IN ({', '.join('?' * len(question.kinds))})", *question.kinds)
    for kind in ("service", "approver", "rule", "credential"):
        wanted = getattr(question, kind)
        if wanted is not None:
            _named(made, _numbers(base, kind, wanted))
    if question.host is not None:
        _named(made, [*_numbers(base, "host", question.host), *_begins(base, "host", f"{question.host}:")])
    if question.path is not None:
        _named(made, _paths(base, question.path))
    if question.words is not None:
        made.add("seq IN (SELECT rowid FROM prose WHERE prose MATCH ?)", phrases(question.words))
    return made


def phrases(words: str) -> str:
    """Write free text as a query of FTS5 that cannot be malformed: every word a phrase, all of them wanted."""
    found = [word.strip('"') for word in _WORD.findall(words.replace("\0", " "))]
    return " ".join('"' + word.replace('"', '""') + '"' for word in found) or '""'


def _named(made: Where, numbers: Sequence[int]) -> None:
    """Want one of the words. What an intent names holds for its outcome too."""
    if not numbers:
        made.add("FALSE")
        return
    listed = ", ".join(str(int(number)) for number in numbers)  # SQLite bounds parameters, not lists of numbers
    inner = f"SELECT seq FROM named WHERE word IN ({listed})"  # noqa: S608 - numbers
    made.add(f"seq IN ({inner} UNION SELECT seq FROM record WHERE intent IN ({inner}))")  # noqa: S608 - numbers


def _numbers(base: sqlite3.Connection, kind: str, word: str) -> list[int]:
    return [number for (number,) in base.execute("SELECT number FROM word WHERE kind = ? AND word = ?", (kind, word))]


def _begins(base: sqlite3.Connection, kind: str, prefix: str) -> Iterator[int]:
    last = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    found = base.execute("SELECT number FROM word WHERE kind = ? AND word >= ? AND word < ?", (kind, prefix, last))
    return (number for (number,) in found)


def _paths(base: sqlite3.Connection, pattern: str) -> list[int]:
    """Give the paths that a glob means. The piece before its first wildcard narrows what has to be looked at."""
    check_glob(pattern)
    index = GlobIndex([[pattern]])
    fixed = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if fixed == pattern:
        return _numbers(base, "path", pattern)
    found = base.execute(
        "SELECT number, word FROM word WHERE kind = 'path' AND word >= ? AND word < ?", (fixed, fixed + "\U0010ffff")
    )
    return [number for number, path in found if index.match(path)]
