import logging
from unittest import TestCase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from countersign.domain.facts import Act, Measured, Unclear
from countersign.domain.sql import LONGEST, effects

HARMLESS = [
    "",
    "-- nothing\n/* DROP TABLE t; */",
    "ALTER TABLE t ADD COLUMN x int;",
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS x int, ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES u (id)",
    "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t RENAME TO u;",
    "ALTER TABLE t ALTER COLUMN x SET NOT NULL, ALTER COLUMN y SET DEFAULT now()",
    "ALTER TABLE t ALTER COLUMN x TYPE text",
    "CREATE TABLE t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), price text DEFAULT '$5') PARTITION BY RANGE (id)",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t (lower(a))",
    "CREATE OR REPLACE VIEW v AS SELECT count(*) FROM t",
    "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
    "BEGIN; SET LOCAL lock_timeout = '5s'; SELECT 1; COMMIT;",
    "BEGIN; SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t; END; -- done",
    "COMMENT ON TABLE t IS 'DROP TABLE t'",
    "INSERT INTO t VALUES ('it''s; DROP TABLE t')",
    "SELECT x::int, '::', \"a:b\" FROM t -- :comment",
    "INSERT INTO read_csv (a) VALUES (1); CREATE TABLE map (a int REFERENCES hash (id))",
    "CREATE TABLE p PARTITION OF t FOR VALUES FROM (1) TO (2); CREATE UNLOGGED TABLE u (LIKE t) WITH (fillfactor = 70)",
    "SELECT LOWER(a), trim(both from a), extract(year from now()), count(*) FILTER (WHERE b) OVER (PARTITION BY c) FROM t",
    "SELECT * FROM t TABLESAMPLE SYSTEM (1)",
    "SELECT a FROM t GROUP BY ROLLUP (a)",
    "SELECT größe FROM t",
]

DELETING = [
    ("DROP TABLE a, b;", {("table", "a"), ("table", "b")}),
    ('drop table if exists "x;y"', {("table", '"x;y"')}),
    ("DROP/**/TABLE a", {("table", "a")}),
    ("ALTER TABLE s.t DROP x, ADD y int", {("column", "s.t.x")}),
    ("alter table t drop column a, drop column b", {("column", "t.a"), ("column", "t.b")}),
    ("ALTER TABLE t DROP CONSTRAINT c", {("constraint", "t.c")}),
    ("DROP SCHEMA s; DROP DATABASE d; DROP SEQUENCE q", {("schema", "s"), ("database", "d"), ("sequence", "q")}),
    ("DROP INDEX i; DROP VIEW v; DROP MATERIALIZED VIEW m", {("index", "i"), ("view", "v"), ("view", "m")}),
    ("CREATE OR REPLACE TABLE t (a int)", {("table", "t")}),
    ("DELETE FROM t AS x WHERE false", {("rows", "t")}),
    ("TRUNCATE a, b", {("rows", "a"), ("rows", "b")}),
    ("WITH g AS (DELETE FROM t RETURNING *) SELECT * FROM g", {("rows", "t")}),
    ("INSERT INTO u WITH g AS (DELETE FROM t RETURNING *) SELECT * FROM g", {("rows", "t")}),
    ("CREATE TABLE u AS WITH g AS (DELETE FROM t RETURNING *) SELECT * FROM g", {("rows", "t")}),
    ("UPDATE t SET a = NULL", {("values", "t")}),
    ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1", {("values", "?")}),
    ("ALTER TABLE s.t ALTER COLUMN x TYPE bigint", {("values", "s.t.x")}),
    ("DROP TABLE t -- x", {("table", "t")}),
    ("DROP TABLE /* y */ s./* z */t", {("table", "s.t")}),
    ("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", {("rows", "t"), ("values", "t")}),
]

UNCLEAR = [
    "ELSE; DROP TABLE t",
    "SELECT 1; ELSE; DROP TABLE t",
    "BEGIN; ELSE DROP TABLE t; END",
    "WHILE 1; ELSE; DROP TABLE t",
    "DO $$ BEGIN DROP TABLE x; END $$;",
    "SELECT 'a' $body$ x $body$",
    "DROP TABLE",
    "ALTER TABLE t",
    "COPY t FROM PROGRAM 'curl http://e';",
    "EXPLAIN ANALYZE DELETE FROM t",
    "PREPARE x AS DELETE FROM t; EXECUTE x",
    "CALL purge()",
    "SELECT purge()",
    'SELECT "Purge"(1)',
    "SELECT pg_catalog.lo_unlink(1)",
    "SELECT * FROM dblink('x', 'DROP TABLE y') AS t (a int)",
    "CREATE TABLE t (a int DEFAULT purge())",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM t'",
    "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()",
    "CREATE RULE r AS ON INSERT TO t DO INSTEAD DELETE FROM u",
    "CREATE EXTENSION plpython3u",
    "DROP FUNCTION f()",
    "DROP OWNED BY x",
    "DROP TABLE x CASCADE",
    "ALTER TABLE t DETACH PARTITION p",
    "ALTER TABLE t DISABLE TRIGGER ALL",
    "ALTER TABLE t ALTER COLUMN c TYPE bigint USING 0",
    "ALTER TABLE t ALTER COLUMN c TYPE varchar(3)",
    "GRANT ALL ON t TO x",
    "SET search_path = evil",
    "SET ROLE postgres",
    "VACUUM FULL",
    "SELECT :'variable'",
    """SELECT CAST('"; DROP TABLE w; --' AS int);\nSELECT (ARRAY[1])[1:LAST_ERROR_MESSAGE];""",
    "SELECT a:::b",
    "SELECT a[1: b]",
    "INSERT OR REPLACE INTO t VALUES (1)",
    "INSERT OVERWRITE t SELECT 1",
    "CREATE TABLE a CLONE b",
    "CREATE TABLE a AS EXECUTE purge",
    "SELECT read_csv('x')",
    "SELECT ANONYMIZE(1)",
    "SELECT if(a, b, c)",
    "SELECT try_cast(a AS int)",
    'SELECT "TRIM"(x)',
    'SELECT "LOWER"(x)',
    "SELECT tr\u0131m(x)",
    "SELECT \u017fum(x)",
    "SELECT lower_\u212a(x)",
    "SELECT s.lower(x)",
    "SELECT 1 OPERATOR(s.+) 2",
    "SELECT * FROM t TABLESAMPLE foo(1)",
    "SELECT * FROM ROWS FROM (purge()) t",
    "SELECT * FROM t, LATERAL purge(t.a)",
    "CREATE TABLE t (a int) PARTITION BY RANGE (purge(a))",
    "CREATE INDEX ON t (purge(a))",
    "INSERT INTO t VALUES (1) RETURNING purge()",
    "COPY t TO '/tmp/x'",
    "EXECUTE purge",
    "DO 'BEGIN DROP TABLE x; END'",
    "SELECT 1 \\! rm -rf /",
    "INSERT INTO t SELECT 1 ON CONFLICT (a) DO UPDATE SET b = purge()",
    "SELECT 'DROP TABLE t' \\gexec",
    "\\i other.sql",
    "SELECT E'\\'; DROP TABLE t; --'",
    "{#; DROP TABLE x; #}",
    "{% include 'x' %}",
    "SELECT 1; /* unfinished",
    "SELECT 'unfinished",
    "(" * 5000,
    "SELECT 1;" * 1001,
    "SELECT 1 " + " " * LONGEST,
    "\x00",
]


def found(text: str) -> set[tuple[str, str]]:
    return {(gone.kind, gone.name) for gone in effects("m.sql", text)[0]}


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless(text: str) -> None:
    assert effects("m.sql", text) == ((), ())


@pytest.mark.parametrize(("text", "gone"), DELETING)
def test_what_would_be_gone(text: str, gone: set[tuple[str, str]]) -> None:
    assert found(text) == gone
    assert effects("m.sql", text)[1] == ()


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_is_not_understood_is_unclear(text: str) -> None:
    assert effects("m.sql", text)[1]


@pytest.mark.parametrize(("text", "gone"), DELETING)
@pytest.mark.parametrize("before", ["SELECT 1;\n", "-- a comment\n", "/* a /* nested */ one */ ", "BEGIN;", ";;"])
def test_nothing_before_a_statement_hides_it(before: str, text: str, gone: set[tuple[str, str]]) -> None:
    assert found(before + text) == gone


def test_lines_are_those_of_the_file() -> None:
    text = "-- tidy up\nSELECT 1;\n\nDROP TABLE a;\n\nSELECT purge();\n"
    assert effects("m.sql", text) == (
        (Measured(Act.DELETES, "table", "a", "m.sql", 4),),
        (Unclear("m.sql", 6, "calls 'purge', and a function can do anything"),),
    )


def test_the_text_stays_out_of_our_log_though_logging_is_set_up_anew() -> None:
    for logger in map(logging.getLogger, list(logging.root.manager.loggerDict)):
        if logger.name.startswith("sqlglot"):
            logger.disabled = False  # as `logging.config` does for all loggers that there are
    with TestCase().assertNoLogs(level=logging.DEBUG):
        effects("m.sql", "VACUUM FULL secret_table")


@given(
    st.lists(
        st.sampled_from(
            ["DROP", "TABLE", "t", ";", "'", '"', "/*", "*/", "--", "\n", "(", ")", "SELECT", "1", "WITH", ",", "ELSE", "END"]
        )
    )
)
def test_every_text_has_an_answer(words: list[str]) -> None:
    deletions, unclear = effects("m.sql", " ".join(words))
    assert deletions == tuple(sorted(deletions))
    assert unclear == tuple(sorted(unclear))


@given(st.text(max_size=40), st.text(max_size=40))
@example("ELSE", "")
def test_a_drop_is_seen_or_the_file_is_unclear(before: str, after: str) -> None:
    """Whatever stands around it on other lines, unless it makes a comment or a string of it."""
    if any(mark in before for mark in ("/*", "'", '"', "--")):
        return
    deletions, unclear = effects("m.sql", f"{before}\n;\nDROP TABLE t;\n{after}")
    assert unclear or Measured(Act.DELETES, "table", "t", "m.sql", before.count("\n") + 3) in deletions
