"""What SQL would delete, by meaning: sqlglot's tree, a list of statements that are understood, and everything else unclear.

Unclear refuses. So a dialect's extension, a DO block, COPY FROM PROGRAM, a function that nobody here knows or a parser's gap
can never pass as "deletes nothing" (incident 1: a migration that dropped tables; incident 8: DROP COLUMN by a tool).

The text is refused unread where psql and sqlglot could read it differently: backslashes, dollar quotes, template marks.
"""

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp, parser
from sqlglot.errors import SqlglotError

from countersign.domain.facts import Deletion, Unclear
from countersign.domain.sql_functions import unknown_functions

# The parser would copy the agent's text into our log whenever it meets a statement that it does not know.
parser.logger.disabled = True

LONGEST = 256 * 1024
"""Characters. Parsing is slow, and no reviewer reads more."""

_MOST_STATEMENTS = 1000
_LONGEST_NAME = 200
_TWO_READINGS = re.compile(r"\\|\$(?:[^\W\d]\w*)?\$|\{\{|\{%|\{#|\x00")

_GONE = frozenset({"table", "column", "schema", "database", "view", "index", "sequence", "type", "constraint"})
"""Words of DROP that are facts. Dropping a function, a role or an extension is unclear: it may take anything along."""

_MADE = frozenset({"TABLE", "INDEX", "VIEW", "SCHEMA", "SEQUENCE", "TYPE"})
_HARMLESS = (exp.Select, exp.SetOperation, exp.Insert, exp.Comment, exp.Transaction, exp.Commit, exp.Semicolon)
_ADDS = (exp.ColumnDef, exp.AddConstraint, exp.RenameColumn, exp.AlterRename)
_WIDER = frozenset({exp.DType.BIGINT, exp.DType.TEXT})
_SETTINGS = frozenset({"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"})

Effects = tuple[tuple[Deletion, ...], tuple[Unclear, ...]]


def effects(path: str, text: str, *, dialect: str = "postgres") -> Effects:
    """Give what the statements delete, and what about them could not be told. Lines count from 1.

    Kinds: table, column, schema, database, view, index, sequence, type, constraint; `rows` for DELETE and TRUNCATE; `values`
    for what UPDATE, MERGE and ON CONFLICT overwrite.
    """
    if len(text) > LONGEST:
        return (), (Unclear(path, 1, f"more than {LONGEST} characters of SQL are not analysed"),)
    for mark in _TWO_READINGS.finditer(text):
        line = text.count("\n", 0, mark.start()) + 1
        return (), (Unclear(path, line, f"SQL that holds {mark[0][:20]!r} can be read in two ways and is not analysed"),)
    try:
        tokens = sqlglot.tokenize(text, read=dialect)
        statements = sqlglot.parse(text, read=dialect)
        if len(statements) > _MOST_STATEMENTS:
            return (), (Unclear(path, 1, f"more than {_MOST_STATEMENTS} statements"),)
        lines = _starts(tokens)
        found = [
            item
            for number, statement in enumerate(item for item in statements if item is not None)
            for item in _of(statement, path, lines[number] if number < len(lines) else 1)
        ]
    except (SqlglotError, RecursionError, ValueError, AttributeError, KeyError, TypeError):
        return (), (Unclear(path, 1, "the SQL cannot be parsed"),)
    return (
        tuple(sorted({item for item in found if isinstance(item, Deletion)})),
        tuple(sorted({item for item in found if isinstance(item, Unclear)})),
    )


def _of(statement: exp.Expr, path: str, line: int) -> Iterator[Deletion | Unclear]:
    """Judge one statement and everything inside it: `WITH gone AS (DELETE …) SELECT …` deletes."""
    for name in unknown_functions(statement):
        yield Unclear(path, line, f"calls {name[:60]!r}, and a function can do anything")
    for node in statement.walk():
        match node:
            case exp.Delete():
                yield Deletion("rows", _name(node.this), path, line)
            case exp.TruncateTable():
                yield from (Deletion("rows", _name(table), path, line) for table in node.expressions)
            case exp.Update() if node.parent is None or not isinstance(node.parent, exp.When):
                yield Deletion("values", _name(node.this), path, line)
            case exp.Merge():
                yield from (Deletion(kind, _name(node.this), path, line) for kind in ("rows", "values"))
            case exp.OnConflict() if "UPDATE" in str(node.args.get("action")).upper():
                yield Deletion("values", "?", path, line)
            case exp.Drop():
                yield from _dropped(node, path, line)
            case exp.Command() | exp.Placeholder() | exp.Parameter():
                yield Unclear(path, line, "holds something that the parser does not know")
    yield from _outermost(statement, path, line)


def _outermost(statement: exp.Expr, path: str, line: int) -> Iterator[Deletion | Unclear]:
    """Judge what kind of statement it is; everything that is not on a list here is unclear."""
    match statement:
        case exp.Create():
            yield from _created(statement, path, line)
        case exp.Alter():
            yield from _altered(statement, path, line)
        case exp.Set():
            yield from _set(statement, path, line)
        case exp.Delete() | exp.TruncateTable() | exp.Update() | exp.Merge() | exp.Drop() | exp.Command():
            pass  # said above
        case _ if not isinstance(statement, _HARMLESS):
            yield Unclear(path, line, f"a statement of kind {type(statement).__name__.upper()} is not on the list")


def _created(statement: exp.Create, path: str, line: int) -> Iterator[Deletion | Unclear]:
    kind = str(statement.args.get("kind")).upper()
    if kind not in _MADE:
        yield Unclear(path, line, f"CREATE {kind[:40]} can do anything, at once or later")
    elif statement.args.get("replace") and kind != "VIEW":
        yield Deletion(kind.lower(), _name(statement.this), path, line)


def _altered(statement: exp.Alter, path: str, line: int) -> Iterator[Deletion | Unclear]:
    actions = statement.args.get("actions") or []
    if not actions or str(statement.args.get("kind")).upper() not in {"TABLE", "INDEX", "VIEW"}:
        yield Unclear(path, line, "an ALTER that is not on the list")
    for action in actions:
        if isinstance(action, exp.AlterColumn):
            yield from _column(action, path, line)
        elif not isinstance(action, (exp.Drop, *_ADDS)):
            yield Unclear(path, line, f"ALTER … {type(action).__name__.upper()} is not on the list")


def _column(action: exp.AlterColumn, path: str, line: int) -> Iterator[Deletion | Unclear]:
    """A wider type keeps every value; any other may lose some, and USING can put anything in their place."""
    wanted = action.args.get("dtype")
    if wanted is None:
        return
    if action.args.get("using") or not isinstance(wanted, exp.DataType) or wanted.this not in _WIDER:
        yield Unclear(
            path, line, f"changes the type of {_name(action.this)}, which can lose values; only TEXT and BIGINT are known"
        )


def _dropped(node: exp.Drop, path: str, line: int) -> Iterator[Deletion | Unclear]:
    word = str(node.args.get("kind")).lower()
    owner = node.parent.this if isinstance(node.parent, exp.Alter) else None
    if word not in _GONE:
        yield Unclear(path, line, f"DROP {word[:40].upper()} is not on the list")
        return
    if node.args.get("cascade"):
        yield Unclear(path, line, "CASCADE takes along what the file does not name")
    prefix = "" if owner is None else f"{_name(owner)}."
    for part in node.args.get("tables") or [None]:
        yield Deletion(word, f"{prefix}{_name(part)}"[:_LONGEST_NAME], path, line)


def _set(statement: exp.Set, path: str, line: int) -> Iterator[Unclear]:
    for item in statement.expressions:
        name = item.this.this if isinstance(item, exp.SetItem) and isinstance(item.this, exp.EQ) else None
        if not isinstance(name, exp.Column) or name.sql().lower() not in _SETTINGS:
            yield Unclear(path, line, "SET of anything but a timeout can change what other statements mean")


def _name(part: object) -> str:
    """Write a name as SQL does; `?` where the tree holds none, so that the deletion still counts."""
    if isinstance(part, exp.Schema):
        return _name(part.this)
    if isinstance(part, exp.Table):
        part = part.copy()
        part.set("alias", None)
    return part.sql(dialect="postgres")[:_LONGEST_NAME] if isinstance(part, exp.Expr) else "?"


def _starts(tokens: list[sqlglot.Token]) -> list[int]:
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
