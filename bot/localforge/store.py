"""Keeps dataclasses in SQLite: one table a class, one column a field. Knows nothing of forges.

One connection, one lock: whoever holds `lock` sees and changes the forge alone. A change outside of `lock` is a change of its own.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar, get_type_hints


class Entity(Protocol):
    """A frozen dataclass with a number of its own. `UNIQUE`, if there, lists columns that are unique together."""

    @property
    def id(self) -> int:
        """Give the number."""
        ...


Row = TypeVar("Row", bound=Entity)
_SQL_TYPES = {int: "INTEGER", bool: "INTEGER", str: "TEXT", datetime: "TEXT", tuple[str, ...]: "TEXT"}


class Store:
    """All entities of one forge."""

    def __init__(self, path: Path, tables: Sequence[type]) -> None:
        """Open, and make what tables are missing."""
        self.lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._hints = {table: get_type_hints(table) for table in tables}
        for table in tables:
            self._create(table)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock, and keep all changes or none. Can be nested; the outermost decides."""
        with self.lock:
            outermost = self._depth == 0
            self._depth += 1
            try:
                if outermost:
                    self._db.execute("BEGIN IMMEDIATE")
                yield
                if outermost:
                    self._db.execute("COMMIT")
            except BaseException:
                if outermost:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def add(self, table: type[Row], **values: object) -> Row:
        """Keep a new one and give it with its number.

        Raises:
            sqlite3.IntegrityError: one like it is there.
        """
        names = [field.name for field in fields(table) if field.name != "id"]  # type: ignore[arg-type]  # Row is a dataclass
        marks = ", ".join("?" * len(names))
        sql = f"INSERT INTO {_name(table)} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - names are the code's
        with self.lock:
            number = self._db.execute(sql, [_to_sql(values[name]) for name in names]).lastrowid
            return self.get(table, number or 0)

    def get(self, table: type[Row], number: int) -> Row:
        """Give the one of that number.

        Raises:
            LookupError: there is none.
        """
        found = self.one(table, id=number)
        if found is None:
            raise LookupError(f"no {table.__name__} {number}")
        return found

    def one(self, table: type[Row], **equal: object) -> Row | None:
        """Give the first that has these values."""
        found = self.all(table, **equal)
        return found[0] if found else None

    def all(self, table: type[Row], **equal: object) -> list[Row]:
        """Give those that have these values, oldest first."""
        return self.where(table, " AND ".join(f"{name} IS ?" for name in equal) or "1", *equal.values())

    def where(self, table: type[Row], condition: str, *values: object) -> list[Row]:
        """Give those for which an SQL condition holds, oldest first."""
        sql = f"SELECT * FROM {_name(table)} WHERE {condition} ORDER BY id"  # noqa: S608 - conditions are the code's
        with self.lock:
            cursor = self._db.execute(sql, [_to_sql(value) for value in values])
            names = [column[0] for column in cursor.description]
            hints = self._hints[table]
            return [
                table(**{name: _from_sql(value, hints[name]) for name, value in zip(names, row, strict=True)})
                for row in cursor.fetchall()
            ]

    def change(self, row: Row, **values: object) -> Row:
        """Give the entity other values, and give it anew."""
        names = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE {_name(type(row))} SET {names} WHERE id = ?"  # noqa: S608 - names are the code's
        with self.lock:
            self._db.execute(sql, [*(_to_sql(value) for value in values.values()), row.id])
            return self.get(type(row), row.id)

    def remove(self, row: Entity) -> None:
        """Forget it."""
        with self.lock:
            self._db.execute(f"DELETE FROM {_name(type(row))} WHERE id = ?", [row.id])  # noqa: S608 - names are the code's

    def _create(self, table: type) -> None:
        hints = self._hints[table]
        columns = ["id INTEGER PRIMARY KEY AUTOINCREMENT"]
        for field in fields(table):
            if field.name != "id":
                kind, null = _kind(hints[field.name])
                columns.append(f"{field.name} {_SQL_TYPES[kind]}{'' if null else ' NOT NULL'}")
        unique: tuple[tuple[str, ...], ...] = getattr(table, "UNIQUE", ())
        columns += [f"UNIQUE ({', '.join(names)})" for names in unique]
        self._db.execute(f"CREATE TABLE IF NOT EXISTS {_name(table)} ({', '.join(columns)}) STRICT")


def _name(table: type) -> str:
    return table.__name__.lower()


def _kind(hint: object) -> tuple[type, bool]:
    """Tell a field's type, and whether it may be None."""
    parts = [part for part in getattr(hint, "__args__", ()) if part is not type(None)]
    if type(None) in getattr(hint, "__args__", ()):
        return parts[0], True
    return hint, False  # type: ignore[return-value]  # a plain class, or tuple[str, ...]


def _to_sql(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, tuple | list | frozenset):
        return json.dumps(list(value))
    return int(value) if isinstance(value, bool) else value


def _from_sql(value: object, hint: object) -> object:
    kind, _ = _kind(hint)
    if value is None:
        return None
    if kind is bool:
        return bool(value)
    if kind is datetime:
        return datetime.fromisoformat(str(value))
    if kind == tuple[str, ...]:
        return tuple(json.loads(str(value)))
    return value
