"""The SQL that finds and undoes what a test committed in a database, in one call that takes about a millisecond.

Exact, and nothing is added to the schema: a table that was empty in the template holds something if its file has
a page and a row in it is visible; a table with reference data is as it was if it has as many rows and none of
them is younger than the last clean-up.
"""

from typing import Final

from ci_toolkit.isolation import catalogs
from ci_toolkit.isolation.open_connections import HELD
from ci_toolkit.model.record import Record
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import literal

SMALL_PAGES: Final = 16
"""A table up to this size is emptied row by row, 20 times faster than TRUNCATE; a larger one gets a new file."""

_ANY_SIZE: Final = 2**31
_PASSES: Final = 4
"""A trigger that always fires may fill a table that has been emptied already; after so many times it is a circle."""

SEEN: Final = "seen"
OPEN_TRANSACTIONS: Final = "open"
SERVER: Final = "server"
SCHEMA: Final = "schema"
REFERENCE: Final = "reference"
EMPTIED: Final = "emptied"
LARGE: Final = "large"
SEQUENCES: Final = "sequences"
TRANSACTION: Final = "transaction"
"""The kinds of rows that the function returns."""


class Relation(Record, frozen=True, kw_only=True):
    """A table or materialized view of the template."""

    oid: int
    name: str
    """Quoted, with its schema."""
    rows: int
    is_view: bool = False


class Sequence(Record, frozen=True, kw_only=True):
    """A sequence of the template, and where it stands."""

    oid: int
    name: str
    value: int
    is_called: bool
    is_cached: bool = False
    """Whether connections keep numbers of it, which only a restart of the sequence takes from them."""


class Template(Record, frozen=True, kw_only=True):
    """What the template holds; the same for every clone of it, numbers included."""

    relations: tuple[Relation, ...]
    sequences: tuple[Sequence, ...]
    foreign_keys: tuple[tuple[str, str], ...]
    """Which table refers to which."""
    with_columns: tuple[int, ...]
    more_catalogs: tuple[str, ...]
    """Those that not everybody may read."""
    fires_always: bool
    """Whether a trigger or rule works even where triggers are switched off, and may fill a table that was emptied."""
    look: str
    """What the quick look sees in it."""
    relations_digest: str

    @property
    def empty_tables(self) -> tuple[Relation, ...]:
        """The tables that migrations left empty."""
        return tuple(relation for relation in self.relations if not relation.rows and not relation.is_view)

    @property
    def reference_tables(self) -> tuple[Relation, ...]:
        """The tables that migrations filled, and the materialized views, which cannot be emptied."""
        return tuple(relation for relation in self.relations if relation.rows or relation.is_view)

    def emptied_with(self, names: frozenset[str]) -> frozenset[str]:
        """Return ``names`` and every table that refers to them, which one TRUNCATE has to name as well."""
        more = names | {referring for referring, referred in self.foreign_keys if referred in names}
        return more if more == names else self.emptied_with(more)


_OWN_SCHEMAS: Final = "nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname !~ '^pg_temp_'"
_FIND: Final = f"""
    SELECT c.oid, format('%I.%I', nspname, relname), relkind
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE c.oid >= {catalogs.FIRST_OWN_OID} AND {_OWN_SCHEMAS} AND (relkind {{kinds}})
    ORDER BY 1
"""
_FIRES_ALWAYS: Final = f"""
    SELECT EXISTS (SELECT FROM pg_trigger WHERE oid >= {catalogs.FIRST_OWN_OID} AND tgenabled IN ('A', 'R'))
      OR EXISTS (SELECT FROM pg_rewrite WHERE oid >= {catalogs.FIRST_OWN_OID} AND ev_enabled IN ('A', 'R'))
"""
_FIND_KEYS: Final = """
    SELECT DISTINCT format('%I.%I', rn.nspname, r.relname), format('%I.%I', tn.nspname, t.relname)
    FROM pg_constraint JOIN pg_class r ON r.oid = conrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
      JOIN pg_class t ON t.oid = confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
    WHERE contype = 'f'
"""


def read_template(connection: Connection) -> Template:
    """Return what the database of ``connection`` holds."""
    connection.query(catalogs.SESSION)
    relations = _found(connection, "= 'r' OR relkind = 'm' AND relispopulated")
    filled = [name for oid, name, _ in relations if connection.scalar(f"SELECT pg_relation_size({oid})") != "0"]
    counts = dict(zip(filled, _numbered(connection, [f"count(*) FROM ONLY {name}" for name in filled]), strict=True))
    with_columns = tuple(oid for oid, _, _ in _found(connection, "IN ('r', 'v', 'm', 'p', 'f', 'c')"))
    more = catalogs.more_catalogs(connection)
    connection.query(catalogs.quick_look_function(with_columns, more=more))
    sequences = _found(connection, "= 'S'")
    states = _numbered(connection, [f"last_value || ' ' || is_called FROM {name}" for _, name, _ in sequences])
    cached = {row[0] for row in connection.query("SELECT seqrelid FROM pg_sequence WHERE seqcache > 1")}
    return Template(
        relations=tuple(
            Relation(oid=oid, name=name, rows=int(counts.get(name, 0)), is_view=kind == "m")
            for oid, name, kind in relations
        ),
        sequences=tuple(
            Sequence(
                oid=oid,
                name=name,
                value=int(state.split()[0]),
                is_called=state.endswith("true"),
                is_cached=str(oid) in cached,
            )
            for (oid, name, _), state in zip(sequences, states, strict=True)
        ),
        foreign_keys=tuple((referring or "", referred or "") for referring, referred in connection.query(_FIND_KEYS)),
        with_columns=with_columns,
        look=catalogs.quick_look(connection, since=catalogs.after(catalogs.own_transaction(connection))),
        relations_digest=connection.scalar(catalogs.RELATIONS) or "",
        more_catalogs=more,
        fires_always=connection.scalar(_FIRES_ALWAYS) == "t",
    )


def read_digest(connection: Connection) -> str:
    """Return a digest of the whole schema of the database of ``connection``, relations apart."""
    connection.query(catalogs.SESSION)
    return connection.scalar(catalogs.everything_else(more=catalogs.more_catalogs(connection))) or ""


def restore_function(template: Template, *, may_delete: bool, server_look: str, wanted: frozenset[int]) -> str:
    """Return the definition of ``pg_temp.ci_restore(since, look, server)`` for clones of ``template``.

    ``server_look`` is the expression that gave ``server``; connections with the process ids ``wanted`` may hold locks.
    It returns rows of a kind and a word. The first is the number of the first transaction that it may not have seen.
    Open transactions of others, a changed schema or a changed reference table end it at once; else it empties what
    is small, sets sequences back, and returns what it did, and the number of its transaction. ``may_delete`` says
    that foreign keys and triggers are switched off.
    """
    body = _BODY.format(
        here=catalogs.HERE,
        server_look=server_look,
        held=HELD,
        wanted=_array(list(map(str, sorted(wanted))), "integer"),
        changed_reference=_changed_reference(template.reference_tables),
        oids=_array([str(relation.oid) for relation in template.empty_tables], "oid"),
        names=_array([literal(relation.name) for relation in template.empty_tables], "text"),
        small=_small(template, may_delete=may_delete),
        passes=_PASSES if template.fires_always else 1,
        cached_sequences="".join(map(_restart, (one for one in template.sequences if one.is_cached))),
        moved_sequences=_moved_sequences(tuple(one for one in template.sequences if not one.is_cached)),
    )
    return f"{_HEAD} {literal(body)}"


def _small(template: Template, *, may_delete: bool) -> int:
    """Return up to how many pages a table is emptied row by row."""
    if not may_delete:
        return 0
    return _ANY_SIZE if template.fires_always else SMALL_PAGES  # what a trigger adds is seen in the same call


def _found(connection: Connection, kinds: str) -> list[tuple[int, str, str]]:
    return [(int(oid or 0), name or "", kind or "") for oid, name, kind in connection.query(_FIND.format(kinds=kinds))]


def _numbered(connection: Connection, selections: list[str]) -> list[str]:
    """Return one value for each of ``selections``, in their order, asked at once."""
    if not selections:
        return []
    union = " UNION ALL ".join(f"SELECT {number}, {selection}" for number, selection in enumerate(selections))
    return [value or "" for _, value in connection.query(f"{union} ORDER BY 1")]


def _array(items: list[str], kind: str) -> str:
    return f"ARRAY[{', '.join(items)}]::{kind}[]"


def _changed_reference(relations: tuple[Relation, ...]) -> str:
    looks = [
        f"SELECT {literal(relation.name)} FROM ONLY {relation.name}"
        f" HAVING count(*) <> {relation.rows} OR min(age(xmin)) <= age(since)"
        for relation in relations
    ]
    return " UNION ALL ".join(looks) or "SELECT '' WHERE false"


def _moved_sequences(sequences: tuple[Sequence, ...]) -> str:
    looks = [
        f"SELECT setval({sequence.oid}::regclass, {sequence.value}, {sequence.is_called}) FROM {sequence.name}"
        f" WHERE last_value <> {sequence.value} OR is_called <> {sequence.is_called}"
        for sequence in sequences
    ]
    return " UNION ALL ".join(looks) or "SELECT 0 WHERE false"


def _restart(sequence: Sequence) -> str:
    """Return the statement that sets back a sequence of which connections keep numbers."""
    moved = f"last_value <> {sequence.value} OR is_called <> {sequence.is_called}"
    return f"""
  IF EXISTS (SELECT FROM {sequence.name} WHERE {moved}) THEN
    EXECUTE {literal(f"ALTER SEQUENCE {sequence.name} RESTART WITH {sequence.value}")};
    PERFORM setval({sequence.oid}::regclass, {sequence.value}, {sequence.is_called});
    RETURN QUERY SELECT '{SEQUENCES}', '1';
  END IF;"""


_HEAD: Final = """
CREATE OR REPLACE FUNCTION pg_temp.ci_restore(since xid, look text, server text) RETURNS TABLE (kind text, word text)
LANGUAGE plpgsql AS"""
_BODY: Final = """
#variable_conflict use_variable
DECLARE
  here CONSTANT oid := {here};
  oids CONSTANT oid[] := {oids};
  names CONSTANT text[] := {names};
  page CONSTANT bigint := current_setting('block_size')::bigint;
  size bigint;
  touched bigint;
  again boolean;
  stays boolean;
BEGIN
  RETURN QUERY SELECT 'seen', pg_snapshot_xmax(pg_current_snapshot())::text;
  IF EXISTS (SELECT FROM pg_stat_get_activity(NULL) AS a
             WHERE a.datid = here AND a.pid <> pg_backend_pid() AND a.backend_xid IS NOT NULL)
    OR EXISTS (SELECT FROM pg_locks AS l
             WHERE l.database = here AND l.pid <> pg_backend_pid() AND l.granted AND ({held})
               AND l.pid <> ALL ({wanted})
               AND EXISTS (SELECT FROM pg_stat_activity AS a
                           WHERE a.pid = l.pid AND a.backend_type = 'client backend'))
    OR EXISTS (SELECT FROM pg_prepared_xact() AS p WHERE p.dbid = here)
  THEN
    RETURN QUERY SELECT 'open', '';
    RETURN;
  END IF;
  RETURN QUERY SELECT 'server', '' WHERE {server_look} <> server;
  IF pg_temp.ci_quick_look(since) <> look THEN
    RETURN QUERY SELECT 'schema', '';
    RETURN;
  END IF;
  RETURN QUERY SELECT 'reference', changed.name FROM ({changed_reference}) AS changed(name);
  IF FOUND THEN
    RETURN;
  END IF;
  FOR pass IN 1 .. {passes} LOOP
    again := false;
    FOR position IN 1 .. cardinality(oids) LOOP
      size := pg_relation_size(oids[position]) / page;
      IF size > {small} THEN
        IF pass = 1 THEN
          RETURN QUERY SELECT 'large', names[position];
        END IF;
      ELSIF size > 0 THEN
        EXECUTE 'DELETE FROM ONLY ' || names[position];
        GET DIAGNOSTICS touched = ROW_COUNT;
        IF touched > 0 THEN
          again := true;
          RETURN QUERY SELECT 'emptied', names[position];
        ELSIF {passes} > 1 THEN
          EXECUTE 'SELECT EXISTS (SELECT FROM ONLY ' || names[position] || ')' INTO stays;
          IF stays THEN
            RETURN QUERY SELECT 'reference', names[position] || ', of which a rule or a trigger keeps the rows';
            RETURN;
          END IF;
        END IF;
      END IF;
    END LOOP;
    EXIT WHEN NOT again;
  END LOOP;
  IF again AND {passes} > 1 THEN
    RETURN QUERY SELECT 'reference', 'tables that a trigger fills while they are emptied';
    RETURN;
  END IF;{cached_sequences}
  IF {passes} > 1 THEN
    RETURN QUERY SELECT 'reference', changed.name FROM ({changed_reference}) AS changed(name);
  END IF;
  RETURN QUERY SELECT 'sequences', count(*)::text FROM ({moved_sequences}) AS moved HAVING count(*) > 0;
  RETURN QUERY SELECT 'transaction', pg_current_xact_id_if_assigned()::text
    WHERE pg_current_xact_id_if_assigned() IS NOT NULL;
END
"""
"""A team's tables may have columns of any name, that of a variable here too: the variable is meant."""
