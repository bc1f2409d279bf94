"""The tables of the index. Holds no statement that asks a question (`asking.py`) and none that fills them (`filling.py`).

A record is one row of `record`. What it names several of (services, approvers, paths, hosts, credentials, rules) is in `named`, by
the numbers of words in `word`: numbers are a third of the size, and sorted ones are written three times as fast. `prose` holds
no text of its own, only where its words occur. A row of `record` is a kilobyte: what is counted over all of them is counted in
a lookup that holds whatever the question asks (`record_intent`, `record_environment`), ten times as fast.
"""

import sqlite3

VERSION = 5
"""Raise it with every change of the tables or of `accounts.account`; an index of another version is thrown away."""

APPLICATION = 0x43534958  # CSIX

COLUMNS = (
    "seq",
    "id",
    "kind",
    "key",
    "time",
    "recorded",
    "summary",
    "run",
    "repository",
    "iid",
    "head",
    "environment",
    "action",
    "tier",
    "effect",
    "agent",
    "model",
    "skill",
    "sponsor",
    "author",
    "policy",
    "stage",
    "why",
    "tokens",
    "tainted",
    "loose",
    "unlisted",
    "intent",
)
"""What `record` takes from an account, by the names that it has there."""

PLACE = ("blob", "file", "digest", "commit_id", "leaf")
"""And where the record is kept."""

NAMED = {
    "service": "services",
    "approver": "approvers",
    "path": "paths",
    "host": "hosts",
    "credential": "credentials",
    "rule": "rules",
}
"""Kinds of words, each the account's field of several."""

_NUMBERS = frozenset({"iid", "intent", "loose", "tainted", "unlisted"})
_DECLARED = ", ".join(f"{name} {'INTEGER' if name in _NUMBERS else 'TEXT'}" for name in COLUMNS[1:] + PLACE)
_TABLES = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (seq INTEGER PRIMARY KEY, {_DECLARED}) STRICT;
CREATE TABLE word (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, word TEXT NOT NULL);
CREATE TABLE named (word INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (word, seq)) WITHOUT ROWID;
CREATE VIRTUAL TABLE prose USING fts5 (words, content='', columnsize=0);
INSERT INTO prose (prose, rank) VALUES ('automerge', 0);
"""  # noqa: S608 - the names are ours
_LOOKUPS = """
CREATE UNIQUE INDEX IF NOT EXISTS record_id ON record (id);
CREATE UNIQUE INDEX IF NOT EXISTS record_key ON record (key);
CREATE INDEX IF NOT EXISTS record_run ON record (run) WHERE run IS NOT NULL;
CREATE INDEX IF NOT EXISTS record_change ON record (iid, repository);
CREATE INDEX IF NOT EXISTS record_recorded ON record (recorded);
CREATE INDEX IF NOT EXISTS record_intent ON record (intent);
CREATE INDEX IF NOT EXISTS record_unlisted ON record (unlisted) WHERE unlisted > 0;
CREATE INDEX IF NOT EXISTS record_environment ON record (environment, recorded, intent, kind);
CREATE INDEX IF NOT EXISTS named_seq ON named (seq);
CREATE UNIQUE INDEX IF NOT EXISTS word_word ON word (kind, word);
"""


def make_tables(base: sqlite3.Connection) -> None:
    """Make the tables in an empty file; lookups are made after it was filled, which is faster."""
    base.executescript(_TABLES)
    base.execute(f"PRAGMA user_version = {VERSION:d}")
    base.execute(f"PRAGMA application_id = {APPLICATION:d}")


def make_lookups(base: sqlite3.Connection) -> None:
    """Make what questions are looked up by."""
    base.executescript(_LOOKUPS)


def is_ours(base: sqlite3.Connection) -> bool:
    """Say whether a file is an index of this version."""
    version, application = (base.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id"))
    return bool(version == VERSION and application == APPLICATION)
