"""The SQL that finds whether a database's schema is still the template's. It adds nothing to the schema.

A row of a catalog carries the transaction that wrote it (``xmin``). Since a point in time nothing was created or
altered if no row is younger, and nothing was dropped if there are as many rows: one pass over the rows of the
team's own objects. What can change without changing the schema (a TRUNCATE gives a table another file, a pooled
connection keeps a temporary table) trips this quick look; then the whole content decides.
"""

from collections.abc import Iterable
from typing import Final

from ci_toolkit.services.databases.connection import Connection

FIRST_OWN_OID: Final = 16384
"""PostgreSQL's own objects have lower numbers."""

SESSION: Final = """
SET application_name = 'ci-toolkit'; SET search_path = pg_catalog; SET jit = off; SET lock_timeout = '1s';
SET row_security = off; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;
SET role = none; SET datestyle = 'ISO, YMD'; SET intervalstyle = postgres; SET bytea_output = hex;
SET extra_float_digits = 1
"""
"""What the toolkit's own connections need, whatever the team sets for its database."""

_BY_OWN_OID: Final = {
    "pg_proc": "oid",
    "pg_type": "oid",
    "pg_constraint": "oid",
    "pg_index": "indexrelid",
    "pg_trigger": "oid",
    "pg_attrdef": "oid",
    "pg_rewrite": "oid",
    "pg_policy": "oid",
    "pg_extension": "oid",
    "pg_enum": "enumtypid",
    "pg_operator": "oid",
    "pg_inherits": "inhrelid",
    "pg_sequence": "seqrelid",
    "pg_statistic_ext": "oid",
    "pg_collation": "oid",
    "pg_description": "objoid",
    "pg_aggregate": "aggfnoid",
    "pg_range": "rngtypid",
    "pg_foreign_table": "ftrelid",
    "pg_partitioned_table": "partrelid",
    "pg_seclabel": "objoid",
    "pg_amop": "oid",
    "pg_amproc": "oid",
}
_WHOLE: Final = (
    "pg_namespace",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_foreign_server",
    "pg_publication",
    "pg_publication_rel",
    "pg_largeobject_metadata",
    "pg_am",
    "pg_cast",
    "pg_conversion",
    "pg_foreign_data_wrapper",
    "pg_language",
    "pg_opclass",
    "pg_opfamily",
    "pg_transform",
    "pg_ts_config",
    "pg_ts_config_map",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
)
_MORE: Final = ("pg_largeobject", "pg_user_mapping", "pg_publication_namespace")
"""The first two only a superuser may read, the last one is of PostgreSQL 15."""
HERE: Final = "(SELECT oid FROM pg_database WHERE datname = current_database())"
"""The number of this database; ``here`` in the functions, which find it once."""
_OF_THE_DATABASE: Final = (
    "SELECT xmin FROM pg_database WHERE oid = here",
    "SELECT xmin FROM pg_db_role_setting WHERE setdatabase = here",
    "SELECT xmin FROM pg_shdescription WHERE classoid = 'pg_database'::regclass AND objoid = here",
    "SELECT xmin FROM pg_description WHERE classoid = 'pg_namespace'::regclass AND objoid = 'public'::regnamespace",
    "SELECT '2'::xid FROM pg_subscription WHERE subdbid = here AND subname IS NOT NULL",
)
"""What the server's shared catalogs hold of this database, and a comment that every database has.

Not everybody may read the ``xmin`` of a subscription: these are only counted.
"""
IS_SUPERUSER: Final = "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
"""Who may make somebody else the owner of a clone."""
SETTINGS_TO_COPY: Final = f"(setrole = 0 OR setrole = current_user::regrole OR {IS_SUPERUSER})"
"""Those that the user may give to a clone."""
_SETTINGS_AND_RIGHTS: Final = f"""
    SELECT ROW(coalesce(setrole::regrole::text, ''), unnest(setconfig))::text FROM pg_db_role_setting
      WHERE setdatabase = {HERE} AND {SETTINGS_TO_COPY}
    UNION ALL SELECT ROW(grantee, privilege_type, is_grantable)::text
      FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE oid = {HERE} AND grantee <> datdba
    UNION ALL SELECT ROW(datconnlimit, datistemplate, shobj_description(oid, 'pg_database'),
      CASE WHEN {IS_SUPERUSER} THEN datdba END)::text FROM pg_database WHERE oid = {HERE}
    UNION ALL SELECT obj_description('public'::regnamespace, 'pg_namespace')
    UNION ALL SELECT subname FROM pg_subscription WHERE subdbid = {HERE}
"""
_TEMPORARY_RELATIONS: Final = "SELECT oid FROM pg_class WHERE relpersistence = 't'"
_TEMPORARY_SCHEMAS: Final = "SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_'"
_NOT_TEMPORARY: Final = {
    "pg_attribute": f"attrelid NOT IN ({_TEMPORARY_RELATIONS})",
    "pg_proc": f"pronamespace NOT IN ({_TEMPORARY_SCHEMAS})",
    "pg_type": f"typnamespace NOT IN ({_TEMPORARY_SCHEMAS})",
    "pg_constraint": f"connamespace NOT IN ({_TEMPORARY_SCHEMAS})",
    "pg_index": f"indrelid NOT IN ({_TEMPORARY_RELATIONS})",
    "pg_trigger": f"tgrelid NOT IN ({_TEMPORARY_RELATIONS})",
    "pg_attrdef": f"adrelid NOT IN ({_TEMPORARY_RELATIONS})",
    "pg_rewrite": f"ev_class NOT IN ({_TEMPORARY_RELATIONS})",
    "pg_inherits": f"inhrelid NOT IN ({_TEMPORARY_RELATIONS})",
    "pg_sequence": f"seqrelid NOT IN ({_TEMPORARY_RELATIONS})",
    "pg_namespace": r"nspname !~ '^pg_(toast_)?temp_'",
}
_WHAT_A_RELATION_IS: Final = """
    oid, relname, relnamespace, reltype, reloftype, relowner, relam, reltablespace, reltoastrelid, relpersistence,
    relkind, relnatts, relchecks, relrowsecurity, relforcerowsecurity, relispopulated, relreplident,
    relispartition, relacl, reloptions, relpartbound
"""
"""The columns of pg_class that only DDL changes; VACUUM, ANALYZE and TRUNCATE change others."""

_NOT_OWN: Final = {
    "pg_proc": " AND pronamespace <> pg_my_temp_schema()",
    "pg_namespace": f" AND {_NOT_TEMPORARY['pg_namespace']}",
}
"""Leaves out the toolkit's own temporary functions, so that a clone looks the same as its template."""

_QUICK_LOOK: Final = """
CREATE OR REPLACE FUNCTION pg_temp.ci_quick_look(since xid) RETURNS text
LANGUAGE plpgsql SET enable_seqscan = off AS $quick$
DECLARE
  here CONSTANT oid := {here};
BEGIN
  RETURN concat(
    (SELECT ROW(count(*), coalesce(min(age(xmin)) <= age(since), false)) FROM pg_class WHERE oid >= {first}),
    (SELECT ROW(count(*), coalesce(min(age(x)) <= age(since), false)) FROM ({rows}) AS looked_at(x))
  );
END $quick$
"""


def more_catalogs(connection: Connection) -> tuple[str, ...]:
    """Return which of the catalogs that not every server has, or not everybody may read, can be looked at."""
    rows = connection.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace"
        f" AND relname = ANY ('{{{', '.join(_MORE)}}}') AND has_table_privilege(oid, 'SELECT') ORDER BY 1"
    )
    return tuple(row[0] or "" for row in rows)


def quick_look_function(relations: Iterable[int], *, more: Iterable[str]) -> str:
    """Return the definition of ``pg_temp.ci_quick_look(since)``; ``relations`` are those that have columns.

    ``more`` are the catalogs of ``more_catalogs``.
    It returns how many rows pg_class has and whether one is younger than ``since``, then the same of all other
    catalogs together: where none is younger, none was added, so that a drop shows in the sum.
    """
    columns = f"pg_attribute WHERE attnum > 0 AND attrelid = ANY ('{{{', '.join(map(str, relations))}}}'::oid[])"
    others = [f"{name} WHERE {key} >= {FIRST_OWN_OID}{_NOT_OWN.get(name, '')}" for name, key in _BY_OWN_OID.items()]
    whole = [f"{name} WHERE true{_NOT_OWN.get(name, '')}" for name in _WHOLE]
    sources = [columns, *others, *whole, *more]
    rows = " UNION ALL ".join([*(f"SELECT xmin FROM {source}" for source in sources), *_OF_THE_DATABASE])
    return _QUICK_LOOK.format(here=HERE, first=FIRST_OWN_OID, rows=rows)


def _digest(rows: str) -> str:
    return f"(SELECT ROW(count(*), sum(hashtextextended(content, 0)::numeric)) FROM ({rows}) AS r(content))"


RELATIONS: Final = "SELECT " + _digest(
    f"SELECT ROW({_WHAT_A_RELATION_IS})::text FROM pg_class WHERE oid >= {FIRST_OWN_OID} AND relpersistence <> 't'"
)
"""Returns a digest of the relations alone: what a TRUNCATE leaves as it was."""


def _of_catalog(name: str, condition: str) -> str:
    return _digest(f"SELECT c::text FROM {name} AS c WHERE {condition} AND {_NOT_TEMPORARY.get(name, 'true')}")


def everything_else(*, more: Iterable[str]) -> str:
    """Return the query for a digest of the rest of the schema, and of the database's settings and rights."""
    digests = (
        _of_catalog("pg_attribute", f"attrelid >= {FIRST_OWN_OID}"),
        *(_of_catalog(name, f"{key} >= {FIRST_OWN_OID}") for name, key in _BY_OWN_OID.items()),
        *(_of_catalog(name, "true") for name in (*_WHOLE, *more)),
        _digest(_SETTINGS_AND_RIGHTS),
    )
    return f"SELECT concat({', '.join(digests)})"


def quick_look(connection: Connection, *, since: int) -> str:
    """Return what the function of that name, once defined on ``connection``, returns."""
    return connection.scalar(f"SELECT pg_temp.ci_quick_look('{since}'::xid)") or ""


def own_transaction(connection: Connection) -> int:
    """Return the number of a transaction that is younger than every other one so far."""
    return int(connection.scalar("SELECT pg_current_xact_id()") or 0)


def after(transaction: int) -> int:
    """Return the number of the next transaction as ``xmin`` holds it: 32 bits, the first three never used."""
    return max((transaction + 1) % 2**32, 3)
