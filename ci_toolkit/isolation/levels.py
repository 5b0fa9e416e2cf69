"""Levels: what a fixture of a wider scope than a test left in the database, which stays until that scope ends.

The lowest level is the template. Each fixture that commits something puts one on top: what the database holds then,
and the rows of the tables that it changed. Clean-ups restore the topmost level; when its scope ends, the one below.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from msgspec.structs import replace

from ci_toolkit.isolation import catalogs, restoring
from ci_toolkit.isolation.restoring import Relation, Template
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import literal


@dataclass
class Level:
    """What the database is restored to, and since when somebody may have changed it."""

    fixture: str
    """Empty for the template."""
    template: Template
    since: int
    """The transaction from which on a row is younger."""
    look: str
    digest: Callable[[], str]
    """Returns the digest of the schema, which the template's tells only when it is asked for."""
    rows: Mapping[str, bytes] = field(default_factory=dict)
    """What COPY wrote of each table that differs from the template, by its name."""
    locks: frozenset[int] = frozenset()
    """The process ids of connections that hold locks since then, as the fixture wants."""

    def has_schema_of(self, other: "Level") -> bool:
        """Whether both have the same schema."""
        if self.template.relations_digest != other.template.relations_digest:
            return False
        return self.digest is other.digest or self.digest() == other.digest()


def read_level(connection: Connection, below: Level, *, fixture: str, locks: frozenset[int]) -> Level | None:
    """Return the level that ``fixture`` has put on top of ``below``, or None where it has changed nothing."""
    now = restoring.read_template(connection)
    digest = restoring.read_digest(connection)
    has_same_schema = now.relations_digest == below.template.relations_digest and digest == below.digest()
    was = {relation.name: relation.rows for relation in below.template.relations}
    young = _with_young_rows(connection, now, since=below.since)
    changed = [one for one in now.relations if one.rows != was.get(one.name, 0) or one.name in young]
    if has_same_schema and not changed and now.sequences == below.template.sequences and locks <= below.locks:
        return None
    since = catalogs.after(catalogs.own_transaction(connection))
    return Level(
        fixture=fixture,
        template=now,
        since=since,
        look=catalogs.quick_look(connection, since=since),
        digest=below.digest if has_same_schema else lambda: digest,
        rows={**below.rows, **{one.name: _rows_of(connection, one) for one in changed if not one.is_view}},
        locks=below.locks | locks,
    )


def without(level: Level, gone: Level, below: Level) -> tuple[Level, frozenset[str]]:
    """Return ``level`` without what ``gone``, one beneath it, had written on top of ``below``; and the tables changed.

    A table whose rows somebody has changed again since then stays as it is.
    """
    rows = dict(level.rows)
    filled = {one.name for one in below.template.relations if one.rows}
    for name in gone.rows:
        if name not in rows or (name in filled and name not in below.rows):
            continue
        before, after, now = (_lines(one.get(name, b"")) for one in (below.rows, gone.rows, level.rows))
        added, removed = Counter(after) - Counter(before), Counter(before) - Counter(after)
        if (added or removed) and added <= Counter(now):
            rows[name] = b"".join([*(Counter(now) - added).elements(), *removed.elements()])
    changed = frozenset(name for name in rows if rows[name] != level.rows[name])
    counts = {name: len(_lines(rows[name])) for name in changed}
    relations = tuple(replace(one, rows=counts.get(one.name, one.rows)) for one in level.template.relations)
    template = replace(level.template, relations=relations)
    return dataclasses.replace(level, rows=rows, template=template), changed


def _lines(rows: bytes) -> list[bytes]:
    return rows.splitlines(keepends=True)  # COPY escapes the ends of lines within values


def put_back(connection: Connection, level: Level, names: frozenset[str]) -> int:
    """Give the tables ``names`` the rows of ``level`` again; return the number of the transaction that did it."""
    order = _parents_first(level.template, names)
    connection.query("BEGIN")
    try:
        off_and_on = [row for name in order for row in connection.query(_FIRING.format(table=literal(name)))]
        connection.query("".join(off or "" for off, _ in off_and_on))
        connection.query("".join(f"DELETE FROM ONLY {name};" for name in reversed(order)))
        for name in order:
            connection.copy_in(f"COPY {name} ({_columns(connection, name)}) FROM STDIN", level.rows[name])
        connection.query("".join(on or "" for _, on in off_and_on))
        transaction = catalogs.own_transaction(connection)
        connection.query("COMMIT")
    except BaseException:
        connection.query("ROLLBACK")
        raise
    return transaction


_FIRING = """
    SELECT format('ALTER TABLE %s DISABLE %s %I;', {table}, what, name),
      format('ALTER TABLE %s ENABLE %s %s %I;', {table},
        CASE enabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, what, name)
    FROM (SELECT 'TRIGGER', tgname, tgenabled FROM pg_trigger WHERE tgrelid = {table}::regclass AND NOT tgisinternal
          UNION ALL SELECT 'RULE', rulename, ev_enabled FROM pg_rewrite WHERE ev_class = {table}::regclass
         ) AS found(what, name, enabled)
    WHERE enabled IN ('A', CASE current_setting('session_replication_role') WHEN 'replica' THEN 'R' ELSE 'O' END)
"""
"""Returns what switches each trigger and rule off that would fire here, and what switches it on as it was."""


def set_sequences(connection: Connection, template: Template) -> None:
    """Have the sequences stand where they do in ``template``."""
    for one in template.sequences:
        connection.query(f"SELECT setval({one.oid}::regclass, {one.value}, {one.is_called})")


def _with_young_rows(connection: Connection, template: Template, *, since: int) -> frozenset[str]:
    filled = [one for one in template.relations if one.rows]
    looks = [f"EXISTS (SELECT FROM ONLY {one.name} WHERE age(xmin) <= age('{since}'::xid))" for one in filled]
    if not looks:
        return frozenset()
    (answers,) = connection.query(f"SELECT {', '.join(looks)}")
    return frozenset(one.name for one, is_young in zip(filled, answers, strict=True) if is_young == "t")


def _rows_of(connection: Connection, relation: Relation) -> bytes:
    return connection.copy_out(f"COPY {relation.name} ({_columns(connection, relation.name)}) TO STDOUT")


def _columns(connection: Connection, name: str) -> str:
    """Return the columns that can be written."""
    rows = connection.query(
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attgenerated = ''"
        f" AND attrelid = {literal(name)}::regclass ORDER BY attnum"
    )
    return ", ".join(row[0] or "" for row in rows)


def _parents_first(template: Template, names: frozenset[str]) -> list[str]:
    """Return ``names`` so that each comes after those that it refers to; for a user whose foreign keys stay on."""
    graph: dict[str, set[str]] = {name: set() for name in sorted(names)}
    for referring, referred in template.foreign_keys:
        if referring in graph and referred in graph and referring != referred:
            graph[referring].add(referred)
    return list(TopologicalSorter(graph).static_order())
