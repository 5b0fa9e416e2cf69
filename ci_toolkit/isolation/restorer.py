"""Finds what changed in a worker's clone since the last clean-up, and undoes in place what can be undone there."""

from collections.abc import Callable
from typing import Final

from ci_toolkit.isolation import catalogs, restoring
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
        self._template = template
        self._server = server
        self._since = catalogs.after(since)
        self._look = template.look
        self._digest_of_template = digest_of_template
        self._prepare(connection)

    def move_to(self, connection: Connection) -> None:
        """Go on over another connection, where the last one has ended; what was found so far stays known."""
        self.connection.close()
        self._prepare(connection)

    def _prepare(self, connection: Connection) -> None:
        self.connection = connection
        connection.query(catalogs.SESSION)
        self.pid = int(connection.scalar("SELECT pg_backend_pid()") or 0)
        self._may_delete = self._switch_triggers_off()
        connection.query(
            catalogs.quick_look_function(self._template.with_columns, large_objects=self._template.large_objects)
        )
        connection.query(
            restoring.restore_function(self._template, may_delete=self._may_delete, server_look=self._server.expression)
        )

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def restore(self) -> Findings:
        """Undo what was committed since the last time, as far as that is possible in place."""
        rows = self._call(self._look)
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
            f"SELECT * FROM pg_temp.ci_restore('{self._since}'::xid, '{look}', {literal(self._server.look)})"
        )
        rows = [(kind or "", word or "") for kind, word in found]
        if (restoring.SERVER, "") in rows:
            self._server.set_back(self.connection)
        return rows

    def _findings(self, rows: list[tuple[str, str]]) -> Findings:
        def words(wanted: str) -> tuple[str, ...]:
            return tuple(word for kind, word in rows if kind == wanted)

        for transaction in words(restoring.TRANSACTION):
            self._since = catalogs.after(int(transaction))
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
        together = self._template.emptied_with(frozenset(names))
        if together.isdisjoint(relation.name for relation in self._template.reference_tables):
            self.connection.query(f"TRUNCATE {', '.join(sorted(together))}")
        elif self._may_delete:
            for name in names:
                self.connection.query(f"DELETE FROM ONLY {name}")
                self.connection.query(f"VACUUM {name}")
        else:
            self.connection.query(f"TRUNCATE {', '.join(sorted(names))}")  # refused: a fresh clone it is, then
        self._since = catalogs.after(catalogs.own_transaction(self.connection))
        return filled

    def _is_the_templates(self, look: str) -> bool:
        """Whether the schema is the template's, though ``look`` differs from the last one."""
        if self.connection.scalar(catalogs.RELATIONS) != self._template.relations_digest:
            return False
        _, _, rest = look.partition(")")
        if rest == self._look.partition(")")[2]:
            return True
        return restoring.read_digest(self.connection) == self._digest_of_template()

    def _note_current_state(self) -> None:
        self._since = catalogs.after(catalogs.own_transaction(self.connection))
        self._look = self._quick_look()

    def _quick_look(self) -> str:
        return catalogs.quick_look(self.connection, since=self._since)

    def _switch_triggers_off(self) -> bool:
        """Switch foreign keys and triggers off on this connection; return whether the user may do that."""
        try:
            self.connection.query("SET session_replication_role = replica")
        except SqlError as error:
            if error.code != _NOT_ALLOWED:
                raise
            return False
        return True
