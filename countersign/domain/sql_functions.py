"""Which functions SQL may call and still be understood. Does not judge statements (`sql.py`).

One list of names as they are *written*, all of them PostgreSQL's own and computation alone. What a parser believes to know of
a name counts for nothing: other databases have other functions, and here the same name may be anybody's. A name that is not
on the list, or that stands in a schema, may do anything (`SELECT lo_unlink(…)`, `SELECT dblink(…)`, `SELECT purge()`).
"""

from collections.abc import Iterator

from sqlglot import exp

GRAMMAR = frozenset(
    "array cast coalesce current_date current_time current_timestamp exists greatest grouping least localtime "  # noqa: SIM905
    "localtimestamp nullif row trim".split()  # as words, not as two pages of quotes
)
"""What looks like a call and is a part of PostgreSQL's language."""

CONTRIB = frozenset({"uuid_generate_v4"})
"""From a module that comes with PostgreSQL, and in nearly every schema older than `gen_random_uuid`."""

OWN = frozenset(
    # numbers
    "abs acos acosd asin asind atan atan2 atand cbrt ceil ceiling cos cosd cot degrees div exp factorial floor gcd "  # noqa: SIM905
    "lcm ln log "
    "log10 mod pi power radians random round scale sign sin sind sqrt tan tand trim_scale trunc width_bucket "
    # text and bytes
    "ascii bit_count bit_length btrim char_length character_length chr concat concat_ws convert_from convert_to decode encode "
    "format get_bit get_byte initcap left length lower lpad ltrim md5 normalize octet_length overlay parse_ident position "
    "quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches "
    "regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim set_bit "
    "set_byte sha224 sha256 sha384 sha512 split_part starts_with string_to_array string_to_table strpos substr substring "
    "to_ascii to_char to_date to_hex to_number to_timestamp translate upper "
    # dates
    "age clock_timestamp date date_bin date_part date_trunc extract isfinite justify_days justify_hours justify_interval "
    "make_date make_interval make_time make_timestamp make_timestamptz now overlaps statement_timestamp timeofday timezone "
    "transaction_timestamp "
    # arrays and ranges
    "array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions "
    "array_prepend array_remove array_replace array_to_json array_to_string array_upper cardinality daterange generate_series "
    "generate_subscripts int4range int8range isempty lower_inc lower_inf multirange numrange range_agg range_merge trim_array "
    "tsrange tstzrange unnest upper_inc upper_inf "
    # JSON
    "json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each "
    "json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys json_strip_nulls "
    "json_to_recordset json_typeof jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length "
    "jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert "
    "jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_query jsonb_path_query_array "
    "jsonb_path_query_first jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_to_recordset jsonb_typeof row_to_json to_json "
    "to_jsonb "
    # aggregates and windows
    "array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist dense_rank every "
    "first_value lag last_value lead max min mode nth_value ntile percent_rank percentile_cont percentile_disc rank "
    "regr_slope row_number stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg "
    # networks, text search, sequences, and what tells about a value or a session
    "array_to_tsvector broadcast col_description current_database current_schema current_user currval family gen_random_uuid "
    "host hostmask lastval masklen netmask network nextval num_nonnulls num_nulls obj_description pg_get_serial_sequence "
    "pg_typeof phraseto_tsquery plainto_tsquery session_user set_masklen setweight strip to_regclass to_regtype to_tsquery "
    "to_tsvector ts_headline ts_rank ts_rank_cd version websearch_to_tsquery".split()
)
"""Functions of PostgreSQL 15 itself. Held against a server by a test."""

PURE = GRAMMAR | OWN | CONTRIB

_PARTITIONS = frozenset({"range", "list", "hash"})
_SAMPLES = frozenset({"BERNOULLI", "SYSTEM"})


def unknown_functions(statement: exp.Expr) -> Iterator[str]:
    """Give the name of every call that is not known to be computation alone; operators and sampling methods are calls too."""
    for call in statement.find_all(exp.Anonymous, exp.Dot, exp.Operator, exp.TableSample):
        match call:
            case exp.Operator():
                yield f"OPERATOR({call.args.get('operator')})"
            case exp.TableSample():
                method = call.args.get("method")
                if not isinstance(method, exp.Var) or method.name not in _SAMPLES:
                    yield "TABLESAMPLE"
            case exp.Dot():
                if isinstance(call.expression, exp.Func):
                    yield call.sql(comments=False)
            case _ if isinstance(call.parent, exp.PartitionedByProperty) and _written(call) in _PARTITIONS:
                pass  # words of PostgreSQL, not calls
            case _ if _written(call) not in PURE:
                yield str(call.name)


def _written(call: exp.Expr) -> str:
    """Give the name as PostgreSQL takes it: folded unless it stands in quotes. Letters beyond ASCII are not folded."""
    name = str(call.name)
    return name if isinstance(call.this, exp.Identifier) or not name.isascii() else name.lower()
