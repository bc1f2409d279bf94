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
MANY = 2000
"""Times that words are named from which on they are common."""

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


def where(base: sqlite3.Connection, question: Question, *, counting: bool = False) -> Where:
    """Give the condition for a question, for its records or for their number.

    Raises:
        MalformedError: the path is no glob, or a text is not UTF-8.
    """
    check_utf8(*(value for value in astuple(question) if isinstance(value, str)))
    made = Where(["unlisted > 0"] if question.unlisted else [])
    _compare(made, question, counting=counting)
    if question.kinds:
        made.add(f"kind IN ({', '.join('?' * len(question.kinds))})", *question.kinds)
    for kind in ("service", "approver", "rule", "credential"):
        wanted = getattr(question, kind)
        if wanted is not None:
            _named(base, made, _numbers(base, kind, wanted), counting=counting)
    if question.host is not None:
        hosts = [*_numbers(base, "host", question.host), *_begins(base, "host", f"{question.host}:")]
        _named(base, made, hosts, counting=counting)
    if question.path is not None:
        _named(base, made, _paths(base, question.path), counting=counting)
    if question.words is not None:
        made.add("seq IN (SELECT rowid FROM prose WHERE prose MATCH ?)", phrases(question.words))
    return made


def check_utf8(*asked: str) -> None:
    """Return if these texts can be asked for: arguments of a command line may be no text.

    Raises:
        MalformedError: one is not UTF-8.
    """
    if any(text.encode(errors="replace").decode() != text for text in asked):
        raise MalformedError("what is asked for is not UTF-8")


def _compare(made: Where, question: Question, *, counting: bool) -> None:
    """Compare columns with what is asked for. The environment's lookup is for counts alone."""
    for name, condition in _COMPARED.items():
        value = getattr(question, name)
        if value is None:
            continue
        if name != "environment":
            made.add(condition, value)
        elif question.nowhere:
            made.add("(+environment = ? OR +environment IS NULL)", value)
        else:
            made.add(condition if counting else f"+{condition}", value)


def phrases(words: str) -> str:
    """Write free text as a query of FTS5 that cannot be malformed: every word a phrase, all of them wanted."""
    found = [word.strip('"') for word in _WORD.findall(words.replace("\0", " "))]
    return " ".join('"' + word.replace('"', '""') + '"' for word in found) or '""'


def _named(base: sqlite3.Connection, made: Where, numbers: Sequence[int], *, counting: bool) -> None:
    """Want one of the words. What an intent names holds for its outcome too.

    Three ways, one meaning. Few records name them: these are looked up. Many do: whoever wants the newest soon has enough when
    every record is asked in turn, and whoever counts has to look at all, and does it in a lookup. A `+` says which way it goes.
    """
    if not numbers:
        made.add("FALSE")
        return
    listed = ", ".join(str(int(number)) for number in numbers)  # SQLite bounds parameters, not lists of numbers
    inner = f"SELECT seq FROM named WHERE word IN ({listed})"  # noqa: S608 - numbers
    (found,) = base.execute(f"SELECT count(*) FROM ({inner} LIMIT {MANY:d})").fetchone()  # noqa: S608 - numbers
    if found < MANY:
        made.add(f"seq IN ({inner} UNION SELECT seq FROM record WHERE intent IN ({inner}))")  # noqa: S608 - numbers
    elif counting:
        made.add(f"(+seq IN ({inner}) OR +intent IN ({inner}))")
    else:
        made.add(f"EXISTS (SELECT 1 FROM named WHERE named.seq IN (record.seq, record.intent) AND +word IN ({listed}))")  # noqa: S608 - numbers


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
