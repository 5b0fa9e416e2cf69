"""Finds what changed in a worker's clone since the last clean-up, and undoes in place what can be undone there."""

import dataclasses
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from ci_toolkit.isolation import catalogs, restoring
from ci_toolkit.isolation.levels import Level, put_back, read_level, set_sequences, without
from ci_toolkit.isolation.restoring import Template
from ci_toolkit.isolation.server_settings import ServerSettings
from ci_toolkit.model.record import Record
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import SqlError, literal

_NOT_ALLOWED: Final = "42501"


class Findings(Record, frozen=True, kw_only=True):
    """What one look found. Nothing was undone if others write, or if the schema or reference data changed."""

    others_write: bool = False
    """Another connection holds uncommitted changes or a lock, or a transaction was prepared and left."""
    schema_changed: bool = False
    reference_changed: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    sequences: int = 0


class Restorer:
    """A connection to a clone of ``template`` that undoes whatever is younger than the transaction ``since``.

    It adds nothing to the clone's schema.
    """

    def __init__(
        self,
        connection: Connection,
        template: Template,
        server: ServerSettings,
        *,
        since: int,
        digest_of_template: Callable[[], str],
    ) -> None:
        self._server = server
        lowest = Level(
            fixture="", template=template, since=catalogs.after(since), look=template.look, digest=digest_of_template
        )
        self.levels = [lowest]
        self._to_put_back: frozenset[str] = frozenset()
        """Tables whose rows the topmost level has had changed since the last restoration."""
        self._settled = ""
        """How many transactions there had been when it was last seen that nothing more was written."""
        self._connect(connection)

    def move_to(self, connection: Connection) -> None:
        """Go on over another connection, where the last one has ended; what was found so far stays known."""
        self.connection.close()
        self._connect(connection)

    @property
    def _level(self) -> Level:
        return self.levels[-1]

    @property
    def wanted(self) -> frozenset[int]:
        """The process ids of connections that may hold locks until a wider scope ends."""
        return self._level.locks

    def keep(self, fixture: str, *, locks: frozenset[int]) -> None:
        """Have what was committed since the last time, and ``locks``, stay until ``let_go(fixture)``."""
        if self._transactions() == self._settled and locks <= self.wanted:
            return
        level = read_level(self.connection, self._level, fixture=fixture, locks=locks)
        if level is not None:
            self.levels.append(level)
            self._define()
        self._settled = self._transactions()

    def may_hold_more(self) -> bool:
        """Whether anything was written to the server, in whatever database, since nothing more was in this one."""
        return self._transactions() != self._settled

    def _transactions(self) -> str:
        """Return what grows with every transaction that writes to the server."""
        return self.connection.scalar("SELECT pg_snapshot_xmax(pg_current_snapshot())") or ""

    def let_go(self, fixture: str) -> bool:
        """Restore from now on what was there before ``fixture``, and return whether that makes a difference.

        If others came after it, they stay, without the rows that it had written.
        """
        at = next((at for at, level in enumerate(self.levels) if at and level.fixture == fixture), 0)
        if not at:
            return False
        below, gone, later = self.levels[at - 1], self.levels[at], self.levels[at + 1 :]
        del self.levels[at:]
        for level in later:
            kept, changed = without(level, gone, below)
            self.levels.append(kept)
            self._to_put_back |= changed
        self._define()
        return not later or bool(self._to_put_back)

    @property
    def schema_of(self) -> str:
        """Which fixture made a schema that a fresh clone does not have, or ``""``."""
        return next((one.fixture for one in self.levels if not one.has_schema_of(self.levels[0])), "")

    def take_levels_of(self, other: "Restorer") -> None:
        """Have in a fresh clone the levels that ``other`` had; the topmost one's rows are put into it."""
        lowest, top = self._level, other.levels[-1]
        if top is other.levels[0]:
            return
        put_back(self.connection, top, frozenset(top.rows))
        set_sequences(self.connection, top.template)
        self.levels += [dataclasses.replace(level, since=lowest.since, look=lowest.look) for level in other.levels[1:]]
        self._define()
        self._note_current_state()

    def _connect(self, connection: Connection) -> None:
        self.connection = connection
        connection.query(catalogs.SESSION)
        self.pid = int(connection.scalar("SELECT pg_backend_pid()") or 0)
        self._may_delete = self._switch_triggers_off()
        self._define()

    def _define(self) -> None:
        """Define the functions for the topmost level."""
        template = self._level.template
        self.connection.query(catalogs.quick_look_function(template.with_columns, more=template.more_catalogs))
        self.connection.query(
            restoring.restore_function(
                template,
                may_delete=self._may_delete,
                server_look=self._server.expression,
                wanted=self._level.locks,
            )
        )

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def restore(self) -> Findings:
        """Undo what was committed since the last time, as far as that is possible in place."""
        emptied: list[str] = []
        if self._to_put_back:
            self._level.since = catalogs.after(put_back(self.connection, self._level, self._to_put_back))
            self._to_put_back = frozenset()
        while True:
            findings = self._restore()
            changed = frozenset(findings.reference_changed)
            if not changed or not changed <= self._level.rows.keys() or not changed.isdisjoint(emptied):
                return replace(findings, emptied=(*emptied, *findings.emptied))
            self._level.since = catalogs.after(put_back(self.connection, self._level, changed))
            emptied += sorted(changed)

    def _restore(self) -> Findings:
        rows = self._call(self._level.look)
        if (restoring.SCHEMA, "") not in rows:
            return self._findings(rows)
        look = self._quick_look()
        if not self._is_the_templates(look):
            return Findings(schema_changed=True)
        findings = self._findings(self._call(look))
        if not findings.others_write and not findings.reference_changed:
            self._note_current_state()
        return findings

    def _call(self, look: str) -> list[tuple[str, str]]:
        found = self.connection.query(
            f"SELECT * FROM pg_temp.ci_restore('{self._level.since}'::xid, '{look}', {literal(self._server.look)})"
        )
        rows = [(kind or "", word or "") for kind, word in found]
        if (restoring.SERVER, "") in rows:
            self._server.set_back(self.connection)
        return rows

    def _findings(self, rows: list[tuple[str, str]]) -> Findings:
        def words(wanted: str) -> tuple[str, ...]:
            return tuple(word for kind, word in rows if kind == wanted)

        (self._settled,) = words(restoring.SEEN)
        for transaction in words(restoring.TRANSACTION):
            self._level.since = catalogs.after(int(transaction))
            if transaction == self._settled:  # nobody else has begun to write since
                self._settled = str(int(transaction) + 1)
        return Findings(
            others_write=bool(words(restoring.OPEN_TRANSACTIONS)),
            reference_changed=words(restoring.REFERENCE),
            emptied=tuple(dict.fromkeys(words(restoring.EMPTIED))) + self._empty_large_tables(words(restoring.LARGE)),
            sequences=sum(map(int, words(restoring.SEQUENCES))),
        )

    def _empty_large_tables(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Empty tables that have many pages; return those in which there were rows."""
        if not names:
            return ()
        filled = tuple(name for name in names if self.connection.scalar(f"SELECT EXISTS (SELECT FROM {name})") == "t")
        together = self._level.template.emptied_with(frozenset(names))
        if together.isdisjoint(relation.name for relation in self._level.template.reference_tables):
            self.connection.query(f"TRUNCATE {', '.join(sorted(together))}")
        elif self._may_delete:
            for name in names:
                self.connection.query(f"DELETE FROM ONLY {name}")
                self.connection.query(f"VACUUM {name}")
        else:
            self.connection.query(f"TRUNCATE {', '.join(sorted(names))}")  # refused: a fresh clone it is, then
        self._level.since = catalogs.after(catalogs.own_transaction(self.connection))
        return filled

    def _is_the_templates(self, look: str) -> bool:
        """Whether the schema is the template's, though ``look`` differs from the last one."""
        if self.connection.scalar(catalogs.RELATIONS) != self._level.template.relations_digest:
            return False
        _, _, rest = look.partition(")")
        if rest == self._level.look.partition(")")[2]:
            return True
        return restoring.read_digest(self.connection) == self._level.digest()

    def _note_current_state(self) -> None:
        self._level.since = catalogs.after(catalogs.own_transaction(self.connection))
        self._level.look = self._quick_look()

    def _quick_look(self) -> str:
        return catalogs.quick_look(self.connection, since=self._level.since)

    def _switch_triggers_off(self) -> bool:
        """Switch foreign keys and triggers off on this connection; return whether the user may do that."""
        try:
            self.connection.query("SET session_replication_role = replica")
        except SqlError as error:
            if error.code != _NOT_ALLOWED:
                raise
            return False
        return True
