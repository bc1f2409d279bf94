"""What SQL would delete, by meaning: sqlglot's tree, a list of statements that are understood, and everything else unclear.

Unclear refuses. So a dialect's extension, a DO block, COPY FROM PROGRAM, a function that nobody here knows or a parser's gap
can never pass as "deletes nothing" (incident 1: a migration that dropped tables; incident 8: DROP COLUMN by a tool).

What psql and the parser could read differently is refused before (`sql_reader`).
"""

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import SqlglotError

from countersign.domain.facts import Act, Measured, Unclear
from countersign.domain.sql_functions import unknown_functions
from countersign.domain.sql_reader import TwoReadingsError, read

LONGEST = 256 * 1024
"""Characters. Parsing is slow, and no reviewer reads more."""

_MOST_STATEMENTS = 1000
_LONGEST_NAME = 200

_GONE = frozenset({"table", "column", "schema", "database", "view", "index", "sequence", "type", "constraint"})
"""Words of DROP that are facts. Dropping a function, a role or an extension is unclear: it may take anything along."""

KINDS = _GONE | {"rows", "values"}
"""What a policy can name of SQL."""

_MADE = frozenset({"TABLE", "INDEX", "VIEW", "SCHEMA", "SEQUENCE", "TYPE"})
_HARMLESS = (exp.Select, exp.SetOperation, exp.Insert, exp.Comment, exp.Transaction, exp.Commit, exp.Semicolon)
_ADDS = (exp.ColumnDef, exp.AddConstraint, exp.RenameColumn, exp.AlterRename)
_INSERT_ELSEWHERE = (
    "alternative",
    "by_name",
    "ignore",
    "is_function",
    "overwrite",
    "partition",
    "settings",
    "source",
    "stored",
    "where",
)
"""Parts of an INSERT that PostgreSQL does not have; each would replace rows in some other database."""

_TABLE_WORDS = (
    *(exp.InheritsProperty, exp.LikeProperty, exp.MaterializedProperty, exp.OnCommitProperty, exp.PartitionedByProperty),
    *(exp.PartitionedOfProperty, exp.TableSpaceProperty, exp.TemporaryProperty, exp.UnloggedProperty),
)
_ROUNDS = exp.DType.BIGINT
"""Wider than the other integers, and narrower than numeric and real; the file does not say which the column was."""

_KEEPS = exp.DType.TEXT
_SETTINGS = frozenset({"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"})

Effects = tuple[tuple[Measured, ...], tuple[Unclear, ...]]


def is_sql(path: str) -> bool:
    """Say whether a file of this name is read as SQL."""
    return path.lower().endswith(".sql")


def effects(path: str, text: str) -> Effects:
    """Give what the statements delete, and what about them could not be told. Lines count from 1.

    Kinds: table, column, schema, database, view, index, sequence, type, constraint; `rows` for DELETE and TRUNCATE; `values`
    for what UPDATE, MERGE and ON CONFLICT overwrite, and what TYPE bigint rounds.
    """
    if len(text) > LONGEST:
        return (), (Unclear(path, 1, f"more than {LONGEST} characters of SQL are not analysed"),)
    try:
        statements = read(text, _MOST_STATEMENTS)
        found = [item for statement, line in statements for item in _of(statement, path, line)]
    except TwoReadingsError as error:
        return (), (Unclear(path, error.line, str(error)),)
    except (SqlglotError, RecursionError, ValueError, AttributeError, KeyError, TypeError):
        return (), (Unclear(path, 1, "the SQL cannot be parsed"),)
    return (
        tuple(sorted({item for item in found if isinstance(item, Measured)})),
        tuple(sorted({item for item in found if isinstance(item, Unclear)})),
    )


def _of(statement: exp.Expr, path: str, line: int) -> Iterator[Measured | Unclear]:
    """Judge one statement and everything inside it: `WITH gone AS (DELETE …) SELECT …` deletes."""
    for node in statement.walk():
        match node:
            case exp.Delete():
                yield _gone("rows", _name(node.this), path, line)
            case exp.TruncateTable():
                yield from (_gone("rows", _name(table), path, line) for table in node.expressions)
            case exp.Update() if node.parent is None or not isinstance(node.parent, exp.When):
                yield _gone("values", _name(node.this), path, line)
            case exp.Merge():
                yield from (_gone(kind, _name(node.this), path, line) for kind in ("rows", "values"))
            case exp.OnConflict() if "UPDATE" in str(node.args.get("action")).upper():
                yield _gone("values", "?", path, line)
            case exp.Drop():
                yield from _dropped(node, path, line)
            case exp.Insert() if any(node.args.get(part) for part in _INSERT_ELSEWHERE):
                yield Unclear(path, line, "an INSERT that PostgreSQL does not know")
            case exp.Command() | exp.Placeholder() | exp.Parameter():
                yield Unclear(path, line, "holds something that the parser does not know")
    yield from _outermost(statement, path, line)


def _foreign(node: exp.Expr) -> bool:
    if isinstance(node, exp.Insert):
        return any(node.args.get(part) for part in _INSERT_ELSEWHERE)
    return isinstance(node, (exp.Command, exp.Placeholder, exp.Parameter))


def _outermost(statement: exp.Expr, path: str, line: int) -> Iterator[Measured | Unclear]:
    """Judge what kind of statement it is and what it calls; everything that is not on a list here is unclear."""
    for name in unknown_functions(statement):
        yield Unclear(path, line, f"calls {name[:60]!r}, and a function can do anything")
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


def _created(statement: exp.Create, path: str, line: int) -> Iterator[Measured | Unclear]:
    kind = str(statement.args.get("kind")).upper()
    if kind not in _MADE:
        yield Unclear(path, line, f"CREATE {kind[:40]} can do anything, at once or later")
    elif statement.args.get("replace") and kind != "VIEW":
        yield _gone(kind.lower(), _name(statement.this), path, line)
    properties = statement.args.get("properties")
    words = properties.expressions if isinstance(properties, exp.Properties) else []
    if statement.args.get("clone") or any(type(word) is not exp.Property and not isinstance(word, _TABLE_WORDS) for word in words):
        yield Unclear(path, line, f"CREATE {kind[:40]} with a part that is not on the list")


def _altered(statement: exp.Alter, path: str, line: int) -> Iterator[Measured | Unclear]:
    actions = statement.args.get("actions") or []
    if not actions or str(statement.args.get("kind")).upper() not in {"TABLE", "INDEX", "VIEW"}:
        yield Unclear(path, line, "an ALTER that is not on the list")
    for action in actions:
        if isinstance(action, exp.AlterColumn):
            yield from _column(action, _name(statement.this), path, line)
        elif not isinstance(action, (exp.Drop, *_ADDS)):
            yield Unclear(path, line, f"ALTER … {type(action).__name__.upper()} is not on the list")


def _column(action: exp.AlterColumn, owner: str, path: str, line: int) -> Iterator[Measured | Unclear]:
    """Text keeps every value, bigint rounds what has a fraction; other types may lose some, and USING can put in anything."""
    wanted = action.args.get("dtype")
    if wanted is None:
        return
    name = _name(action.this)
    known = wanted.this if isinstance(wanted, exp.DataType) and not action.args.get("using") else None
    if known is _ROUNDS:
        yield _gone("values", f"{owner}.{name}"[:_LONGEST_NAME], path, line)
    elif known is not _KEEPS:
        yield Unclear(path, line, f"changes the type of {name}, which can lose values; only TEXT and BIGINT are known")


def _dropped(node: exp.Drop, path: str, line: int) -> Iterator[Measured | Unclear]:
    word = str(node.args.get("kind")).lower()
    owner = node.parent.this if isinstance(node.parent, exp.Alter) else None
    if word not in _GONE:
        yield Unclear(path, line, f"DROP {word[:40].upper()} is not on the list")
        return
    if node.args.get("cascade"):
        yield Unclear(path, line, "CASCADE takes along what the file does not name")
    prefix = "" if owner is None else f"{_name(owner)}."
    for part in node.args.get("tables") or [None]:
        yield _gone(word, f"{prefix}{_name(part)}"[:_LONGEST_NAME], path, line)


def _set(statement: exp.Set, path: str, line: int) -> Iterator[Unclear]:
    for item in statement.expressions:
        name = item.this.this if isinstance(item, exp.SetItem) and isinstance(item.this, exp.EQ) else None
        if not isinstance(name, exp.Column) or name.sql().lower() not in _SETTINGS:
            yield Unclear(path, line, "SET of anything but a timeout can change what other statements mean")


def _gone(kind: str, name: str, path: str, line: int) -> Measured:
    return Measured(Act.DELETES, kind, name, path, line)


def _name(part: object) -> str:
    """Write a name as SQL does; `?` where the tree holds none, so that the deletion still counts."""
    if isinstance(part, exp.Schema):
        return _name(part.this)
    if isinstance(part, exp.Table):
        part = part.copy()
        part.set("alias", None)
    return part.sql(dialect="postgres", comments=False)[:_LONGEST_NAME] if isinstance(part, exp.Expr) else "?"
