"""The SQL that sees whether a database's schema is still the template's. Nothing is added to the schema for it.

A row of a catalog carries the transaction that wrote it (``xmin``). Since a point in time nothing was created or
altered if no row is younger, and nothing was dropped if there are as many rows: one pass over the rows of the
team's own objects. What can change without changing the schema (a TRUNCATE gives a table another file, a pooled
connection keeps a temporary table) trips this quick look; then the whole content decides.
"""

from typing import Final

FIRST_OWN_OID: Final = 16384
"""PostgreSQL's own objects have lower numbers."""

_BY_OWN_OID: Final = {
    "pg_class": "oid",
    "pg_attribute": "attrelid",
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

QUICK_LOOK: Final = """
CREATE FUNCTION pg_temp.ci_quick_look(since xid) RETURNS text LANGUAGE plpgsql SET enable_seqscan = off AS $quick$
BEGIN
  RETURN concat({looks});
END $quick$
""".format(
    looks=",\n    ".join(
        f"(SELECT ROW(count(*), coalesce(min(age(xmin)) <= age(since), false)) FROM {source})"
        for source in (*(f"{name} WHERE {key} >= {FIRST_OWN_OID}" for name, key in _BY_OWN_OID.items()), *_WHOLE)
    )
)
"""Defines a function that returns how many rows each catalog has, and whether one is younger than ``since``."""


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
            *(
                _of_catalog(name, f"{key} >= {FIRST_OWN_OID}")
                for name, key in _BY_OWN_OID.items()
                if name != "pg_class"
            ),
            *(_of_catalog(name, "true") for name in _WHOLE),
        )
    )
)
"""Returns a digest of the rest of the schema."""
