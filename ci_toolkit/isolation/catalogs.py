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
SET row_security = off; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE
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
}
_WHOLE: Final = (
    "pg_namespace",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_foreign_server",
    "pg_publication",
    "pg_largeobject_metadata",
)
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
CREATE FUNCTION pg_temp.ci_quick_look(since xid) RETURNS text LANGUAGE plpgsql SET enable_seqscan = off AS $quick$
BEGIN
  RETURN concat(
    (SELECT ROW(count(*), coalesce(min(age(xmin)) <= age(since), false)) FROM pg_class WHERE oid >= {first}),
    (SELECT ROW(count(*), coalesce(min(age(x)) <= age(since), false)) FROM ({rows}) AS looked_at(x))
  );
END $quick$
"""


def quick_look_function(relations: Iterable[int]) -> str:
    """Return the definition of ``pg_temp.ci_quick_look(since)``; ``relations`` are those that have columns.

    It returns how many rows pg_class has and whether one is younger than ``since``, then the same of all other
    catalogs together: where none is younger, none was added, so that a drop shows in the sum.
    """
    columns = f"pg_attribute WHERE attnum > 0 AND attrelid = ANY ('{{{', '.join(map(str, relations))}}}'::oid[])"
    others = [f"{name} WHERE {key} >= {FIRST_OWN_OID}{_NOT_OWN.get(name, '')}" for name, key in _BY_OWN_OID.items()]
    whole = [f"{name} WHERE true{_NOT_OWN.get(name, '')}" for name in _WHOLE]
    rows = " UNION ALL ".join(f"SELECT xmin FROM {source}" for source in (columns, *others, *whole))
    return _QUICK_LOOK.format(first=FIRST_OWN_OID, rows=rows)


def _digest(rows: str) -> str:
    return f"(SELECT ROW(count(*), sum(hashtextextended(content, 0)::numeric)) FROM ({rows}) AS r(content))"


RELATIONS: Final = "SELECT " + _digest(
    f"SELECT ROW({_WHAT_A_RELATION_IS})::text FROM pg_class WHERE oid >= {FIRST_OWN_OID} AND relpersistence <> 't'"
)
"""Returns a digest of the relations alone: what a TRUNCATE leaves as it was."""


def _of_catalog(name: str, condition: str) -> str:
    return _digest(f"SELECT c::text FROM {name} AS c WHERE {condition} AND {_NOT_TEMPORARY.get(name, 'true')}")


EVERYTHING_ELSE: Final = "SELECT concat({})".format(
    ",\n  ".join(
        (
            _of_catalog("pg_attribute", f"attrelid >= {FIRST_OWN_OID}"),
            *(_of_catalog(name, f"{key} >= {FIRST_OWN_OID}") for name, key in _BY_OWN_OID.items()),
            *(_of_catalog(name, "true") for name in _WHOLE),
        )
    )
)
"""Returns a digest of the rest of the schema."""


def quick_look(connection: Connection, *, since: int) -> str:
    """Return what the function of that name, once defined on ``connection``, returns."""
    return connection.scalar(f"SELECT pg_temp.ci_quick_look('{since}'::xid)") or ""


def own_transaction(connection: Connection) -> int:
    """Return the number of a transaction that is younger than every other one so far."""
    return int(connection.scalar("SELECT pg_current_xact_id()") or 0)


def after(transaction: int) -> int:
    """Return the number of the next transaction as ``xmin`` holds it: 32 bits, the first three never used."""
    return max((transaction + 1) % 2**32, 3)
