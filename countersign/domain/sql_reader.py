"""Reads SQL as PostgreSQL and psql read it: statements out, or the reason why the text has more than one reading.

A parser that knows many databases guesses: it gives types to functions that PostgreSQL has not, folds letters that PostgreSQL
keeps, and never heard of psql's variables. Here every call keeps its written name, and what would be guessed is refused.
Does not judge what the statements do (`sql.py`).
"""

import re
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any, ClassVar

from sqlglot import Token, TokenType, exp, parser
from sqlglot.dialects.postgres import Postgres
from sqlglot.parsers.postgres import PostgresParser

# The parser would copy the agent's text into our log whenever it meets a statement that it does not know. A filter stays where a
# library sets logging up anew; a logger that was disabled is switched on again then.
parser.logger.addFilter(lambda _record: False)

_TWO_READINGS = re.compile(r"\\|\$(?:[^\W\d]\w*)?\$|\{\{|\{%|\{#|\x00")
_SYNTAX = frozenset({"CAST", "EXTRACT", "OVERLAY", "POSITION", "STRING_AGG", "SUBSTRING", "TRIM"})
"""Calls that PostgreSQL's grammar writes in its own way: `CAST(a AS b)`, `TRIM(BOTH FROM a)`."""

_WORDS = frozenset({"ANY", "CASE", "VARIADIC"})
_TEXTS = frozenset({TokenType.STRING, TokenType.IDENTIFIER, TokenType.NATIONAL_STRING, TokenType.UNICODE_STRING})
_COLONS = frozenset({"::", ":="})


class _Parser(PostgresParser):
    """Knows no function. So each call stays a call, by its written name."""

    FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: parse for name, parse in PostgresParser.FUNCTION_PARSERS.items() if name in _SYNTAX
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: parse for name, parse in PostgresParser.NO_PAREN_FUNCTION_PARSERS.items() if name in _WORDS
    }


class TwoReadingsError(Exception):
    """The text can be read in two ways. Its text says why, safe to show."""

    def __init__(self, line: int, why: str) -> None:
        """Keep where."""
        super().__init__(why)
        self.line = line


def read(text: str, most: int) -> list[tuple[exp.Expr, int]]:
    """Give the statements, each with the line on which it begins; `most` is how many there may be.

    Each is parsed by itself: among several the parser takes an ELSE for the end of all of them, and psql goes on.

    Raises:
        TwoReadingsError: psql, PostgreSQL and the parser could understand different things, or there are too many statements.
        SqlglotError, RecursionError, ValueError: not SQL.
    """
    for mark in _TWO_READINGS.finditer(text):
        raise TwoReadingsError(
            text.count("\n", 0, mark.start()) + 1, f"SQL that holds {mark[0][:20]!r} can be read in two ways and is not analysed"
        )
    dialect = Postgres()
    tokens = dialect.tokenize(text)
    for token, following in zip_longest(tokens, tokens[1:]):
        _one_reading(token, following)
    parts = list(_split(tokens))
    if len(parts) > most:
        raise TwoReadingsError(parts[most][0].line, f"more than {most} statements")
    reader, found = _Parser(dialect=dialect), []
    for part in parts:
        statements = [statement for statement in reader.parse(part, text) if statement is not None]
        if len(statements) != 1:
            raise TwoReadingsError(part[0].line, "something between semicolons that is not one statement")
        found.append((statements[0], part[0].line))
    return found


def _one_reading(token: Token, following: Token | None) -> None:
    """Refuse what psql fills in, and names that the parser takes for words of the language and PostgreSQL does not."""
    called = following is not None and following.token_type is TokenType.L_PAREN
    folded = token.text.upper()
    if token.token_type is TokenType.IDENTIFIER:
        if called and folded in _SYNTAX | _WORDS:
            raise TwoReadingsError(token.line, f"a call of {token.text!r} in quotes is somebody's own function")
    elif token.token_type not in _TEXTS:
        if ":" in token.text and token.text not in _COLONS:
            raise TwoReadingsError(token.line, "a colon outside of quotes: psql fills in variables there")
        if not token.text.isascii() and (folded.isascii() or token.text.lower().isascii()):
            raise TwoReadingsError(token.line, "a letter that looks like a plain one and is not")


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
    """Give the tokens between semicolons, where there are any."""
    part: list[Token] = []
    for token in tokens:
        if token.token_type is not TokenType.SEMICOLON:
            part.append(token)
        elif part:
            yield part
            part = []
    if part:
        yield part
