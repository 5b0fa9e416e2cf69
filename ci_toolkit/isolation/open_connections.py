"""The connections and prepared transactions that are open in a worker's database, and how messages name them."""

from typing import Final

from ci_toolkit.model.record import Record
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import literal

OWN_NAME: Final = "ci-toolkit"
"""The application name of the toolkit's own connections, and the start of that of its fixtures' connections."""
_FIND: Final = """
    SELECT pid, application_name, coalesce(host(client_addr) || ':' || client_port, 'a local socket'), state,
      left(regexp_replace(query, '\\s+', ' ', 'g'), 80),
      coalesce(extract(epoch FROM clock_timestamp() - xact_start)::numeric(9, 1)::text, ''), backend_xid IS NOT NULL
    FROM pg_stat_activity WHERE datname = {database} AND pid <> pg_backend_pid()
      AND backend_type = 'client backend' ORDER BY pid
"""


class OpenConnection(Record, frozen=True, kw_only=True):
    """Another connection to a worker's database."""

    pid: int
    application: str
    address: str
    state: str
    statement: str
    """The start of what it ran last."""
    open_seconds: str
    """How long its transaction has been open; empty where it has none."""
    is_writing: bool
    """Whether its transaction has changed something."""

    @property
    def is_ours(self) -> bool:
        """Whether the toolkit opened it."""
        return self.application.startswith(OWN_NAME)

    def describe(self) -> str:
        """Return it for a message."""
        who = self.application or "no application name"
        since = f" for {self.open_seconds} s" if self.open_seconds else ""
        return f"pid {self.pid} ({who}, from {self.address}), {self.state}{since}, last statement: {self.statement}"


def connections(connection: Connection, database: str) -> tuple[OpenConnection, ...]:
    """Return who is connected to ``database``; ``connection`` may be to any database of the server."""
    return tuple(
        OpenConnection(
            pid=int(pid or 0),
            application=application or "",
            address=address or "",
            state=state or "",
            statement=statement or "",
            open_seconds=seconds or "",
            is_writing=writing == "t",
        )
        for pid, application, address, state, statement, seconds, writing in connection.query(
            _FIND.format(database=literal(database))
        )
    )


def is_any_prepared(connection: Connection) -> bool:
    """Whether a transaction was prepared for two-phase commit and is still there."""
    return connection.scalar("SELECT 1 FROM pg_prepared_xacts WHERE database = current_database() LIMIT 1") == "1"


def roll_back_prepared(connection: Connection) -> tuple[str, ...]:
    """Roll back the transactions that were prepared for two-phase commit and forgotten, and return their names."""
    rows = connection.query("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")
    names = tuple(row[0] or "" for row in rows)
    for name in names:
        connection.query(f"ROLLBACK PREPARED {literal(name)}")
    return names
