"""Which functions SQL may call and still be understood. Does not judge statements (`sql.py`).

sqlglot knows the standard ones by type; those are computation. One that it does not know, or one named through a schema, may
have been written by anybody to do anything (`SELECT lo_unlink(…)`, `SELECT dblink(…)`, `SELECT purge()`).
"""

from collections.abc import Iterator

from sqlglot import exp

_PURE = frozenset(
    {
        "array_length", "btrim", "char_length", "clock_timestamp", "currval", "json_build_array", "json_build_object",
        "jsonb_build_array", "jsonb_build_object", "jsonb_typeof", "lastval", "make_date", "make_interval", "nextval",
        "num_nonnulls", "num_nulls", "octet_length", "pg_typeof", "row_to_json", "setweight", "statement_timestamp", "timezone",
        "to_jsonb", "to_tsquery", "to_tsvector", "transaction_timestamp", "uuid_generate_v4", "websearch_to_tsquery",
    }
)  # fmt: skip
"""Functions of PostgreSQL that compute and touch nothing but sequences; sqlglot gives them no type of their own."""


def unknown_functions(statement: exp.Expr) -> Iterator[str]:
    """Give the name of every function call that is not known to be computation alone."""
    for call in statement.find_all(exp.Anonymous, exp.Dot):
        if isinstance(call.parent, exp.PartitionedByProperty):
            continue  # RANGE, LIST and HASH: words of PostgreSQL, not calls
        if isinstance(call, exp.Dot):
            if isinstance(call.expression, exp.Func):
                yield call.sql()
        elif isinstance(call.this, exp.Identifier) or str(call.this).lower() not in _PURE:
            yield str(call.name)
