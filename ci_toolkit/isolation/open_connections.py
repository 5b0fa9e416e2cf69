"""The connections and prepared transactions that are open in a worker's database, and how messages name them."""

from typing import Final

from ci_toolkit.model.record import Record
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import literal

OWN_NAME: Final = "ci-toolkit"
"""The application name of the toolkit's own connections, and the start of that of its fixtures' connections."""
HELD: Final = "l.locktype = 'advisory' OR l.locktype = 'relation' AND l.mode <> 'AccessShareLock'"
"""The locks on which the next test could wait; a reader's own holds up nobody but DDL."""
_ANY: Final = "l.locktype IN ('advisory', 'relation')"
_SIGNED: Final = "(l.{0}::bigint + 2147483648) % 4294967296 - 2147483648"
_LOCK: Final = """
    CASE l.locktype
      WHEN 'advisory' THEN 'the advisory lock ' || CASE l.objsubid
        WHEN 1 THEN (l.classid::bigint << 32 | l.objid::bigint)::text
        ELSE format('(%s, %s)', {classid}, {objid}) END
      ELSE format('%s on %s', l.mode,
        CASE WHEN a.datname = current_database() THEN l.relation::regclass::text ELSE 'a table' END)
    END
"""
_FIND: Final = """
    SELECT pid, application_name, coalesce(host(client_addr) || ':' || client_port, 'a local socket'), state,
      left(regexp_replace(query, '\\s+', ' ', 'g'), 80),
      coalesce(extract(epoch FROM clock_timestamp() - xact_start)::numeric(9, 1)::text, ''), backend_xid IS NOT NULL,
      (SELECT string_agg(DISTINCT {lock}, ', ' ORDER BY {lock}) FROM pg_locks AS l
       WHERE l.pid = a.pid AND l.granted AND l.database = a.datid AND ({held})
         AND NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = l.relation))
    FROM pg_stat_activity AS a WHERE datname = {database} AND pid <> pg_backend_pid()
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
    locks: str = ""
    """The locks that it holds and on which another one could wait, in words."""

    @property
    def is_in_the_way(self) -> bool:
        """Whether it holds uncommitted changes, or a lock on which the next test could wait."""
        return self.is_writing or bool(self.locks)

    @property
    def is_ours(self) -> bool:
        """Whether the toolkit opened it."""
        return self.application.startswith(OWN_NAME)

    def describe(self) -> str:
        """Return it for a message."""
        who = self.application or "no application name"
        since = f" for {self.open_seconds} s" if self.open_seconds else ""
        holds = f", holds {self.locks}" if self.locks else ""
        return (
            f"pid {self.pid} ({who}, from {self.address}), {self.state}{since}{holds}, last statement: {self.statement}"
        )


def connections(connection: Connection, database: str, *, readers: bool = False) -> tuple[OpenConnection, ...]:
    """Return who is connected to ``database``; ``connection`` may be to any database of the server.

    Only one to this very database knows its tables by name. With ``readers`` the locks of readers are told as well.
    """
    find = _FIND.format(
        database=literal(database),
        lock=_LOCK.format(classid=_SIGNED.format("classid"), objid=_SIGNED.format("objid")),
        held=_ANY if readers else HELD,
    )
    return tuple(
        OpenConnection(
            pid=int(pid or 0),
            application=application or "",
            address=address or "",
            state=state or "",
            statement=statement or "",
            open_seconds=seconds or "",
            is_writing=writing == "t",
            locks=locks or "",
        )
        for pid, application, address, state, statement, seconds, writing, locks in connection.query(find)
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
