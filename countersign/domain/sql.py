"""What SQL would delete, by meaning: sqlglot's tree, an allow-list of statements, and everything else unclear.

Unclear refuses. So a dialect's extension, a DO block, COPY FROM PROGRAM, dynamic SQL or a parser's gap can never pass as
"deletes nothing" (incident 1: a migration that dropped tables; incident 8: DROP COLUMN by a tool).
"""

from collections.abc import Iterator, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token

from countersign.domain.facts import Deletion, Unclear

_MOST_STATEMENTS = 1000
_LONGEST_NAME = 200

_HARMLESS_ALTERATIONS = (
    exp.ColumnDef,
    exp.AddConstraint,
    exp.RenameColumn,
    exp.AlterColumn,
    exp.AlterRename,
    exp.AddPartition,
)
_HARMLESS = (exp.Insert, exp.Update, exp.Select, exp.Union, exp.Comment, exp.Transaction, exp.Commit, exp.Merge)
_KINDS = {"TABLE": "table", "COLUMN": "column", "SCHEMA": "schema", "DATABASE": "database", "VIEW": "view", "INDEX": "index"}


def effects(path: str, text: str, *, dialect: str = "postgres") -> tuple[tuple[Deletion, ...], tuple[Unclear, ...]]:
    """Give what the statements delete, and what about them could not be told. Lines count from 1."""
    if "\\" in text and any(line.lstrip().startswith("\\") for line in text.splitlines()):
        return (), (Unclear(path, 1, "psql meta-commands are not analysed"),)
    try:
        tokens = sqlglot.tokenize(text, read=dialect)
        statements = sqlglot.parse(text, read=dialect)
    except (SqlglotError, RecursionError, ValueError):
        return (), (Unclear(path, 1, "the SQL cannot be parsed"),)
    if len(statements) > _MOST_STATEMENTS:
        return (), (Unclear(path, 1, f"more than {_MOST_STATEMENTS} statements"),)
    lines = _statement_lines(tokens)
    deletions: list[Deletion] = []
    unclear: list[Unclear] = []
    for number, statement in enumerate(statements):
        line = lines[number] if number < len(lines) else 1
        if statement is None or isinstance(statement, exp.Semicolon):
            continue
        for found in _of(statement, path, line):
            if isinstance(found, Deletion):
                deletions.append(found)
            else:
                unclear.append(found)
    return tuple(sorted(deletions)), tuple(sorted(unclear))


def _of(statement: exp.Expr, path: str, line: int) -> Iterator[Deletion | Unclear]:
    if next(statement.find_all(exp.Command), None) is not None:
        yield Unclear(path, line, "a statement that the parser does not know")
    elif isinstance(statement, exp.Drop):
        yield from _dropped(statement, path, line)
    elif isinstance(statement, exp.TruncateTable):
        for table in statement.expressions:
            yield Deletion("rows", table.sql(), path, line)
    elif isinstance(statement, exp.Delete):
        yield Deletion("rows", _target(statement), path, line)
    elif isinstance(statement, exp.Alter):
        yield from _altered(statement, path, line)
    elif isinstance(statement, exp.Create):
        yield from _created(statement, path, line)
    elif isinstance(statement, _HARMLESS):
        yield from _inside(statement, path, line)
    else:
        yield Unclear(path, line, f"a statement of kind {type(statement).__name__.upper()} is not on the list")


def _created(statement: exp.Create, path: str, line: int) -> Iterator[Deletion | Unclear]:
    kind = str(statement.args.get("kind")).upper()
    if statement.args.get("replace") and kind in {"TABLE", "SCHEMA"}:
        yield Deletion(kind.lower(), _target(statement), path, line)
    elif kind in {"FUNCTION", "PROCEDURE", "TRIGGER"}:
        yield Unclear(path, line, "a function, procedure or trigger can do anything")
    else:
        yield from _inside(statement, path, line)


def _inside(statement: exp.Expr, path: str, line: int) -> Iterator[Deletion | Unclear]:
    """Look into CTEs and branches: `WITH gone AS (DELETE …) SELECT …` deletes."""
    for node in statement.walk():
        if node is not statement and isinstance(node, exp.Delete | exp.Drop | exp.TruncateTable):
            yield from _of(node, path, line)
    if isinstance(statement, exp.Merge) and any(
        str(when.args.get("then")).upper().startswith("DELETE") for when in statement.find_all(exp.When)
    ):
        yield Deletion("rows", _target(statement), path, line)


def _dropped(statement: exp.Drop, path: str, line: int) -> Iterator[Deletion | Unclear]:
    word = str(statement.args.get("kind")).upper()
    kind = _KINDS.get(word)
    if kind is None:
        yield Unclear(path, line, f"DROP {word[:40]} is not on the list")
        return
    for name in _names(statement):
        yield Deletion(kind, name, path, line)


def _altered(statement: exp.Alter, path: str, line: int) -> Iterator[Deletion | Unclear]:
    actions = statement.args.get("actions") or []
    if not actions:
        yield Unclear(path, line, "an ALTER that the parser does not know")
    for action in actions:
        if isinstance(action, exp.Drop):
            kind = str(action.args.get("kind") or "COLUMN").upper()
            if kind == "CONSTRAINT":
                continue
            for name in _names(action):
                yield Deletion(_KINDS.get(kind, "column"), f"{_target(statement)}.{name}", path, line)
        elif not isinstance(action, _HARMLESS_ALTERATIONS):
            yield Unclear(path, line, f"ALTER … {type(action).__name__.upper()} is not on the list")


def _names(statement: exp.Drop) -> list[str]:
    """Give the names that a DROP lists; one unknown name where the tree holds none, so that it still counts."""
    return [table.sql(dialect="postgres")[:_LONGEST_NAME] for table in statement.args.get("tables") or []] or ["?"]


def _target(statement: exp.Expr) -> str:
    this = statement.this
    return this.sql(dialect="postgres")[:_LONGEST_NAME] if isinstance(this, exp.Expr) else "?"


def _statement_lines(tokens: Sequence[Token]) -> list[int]:
    """Give the line where each statement begins."""
    lines: list[int] = []
    fresh = True
    for token in tokens:
        if token.token_type is sqlglot.TokenType.SEMICOLON:
            fresh = True
        elif fresh:
            lines.append(token.line)
            fresh = False
    return lines
