"""What a test changed for the whole server, ALTER ROLE .. SET and ALTER SYSTEM SET, and how it is set back."""

import time
from typing import Final

from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import literal, quoted

LOOK: Final = (
    "concat((SELECT string_agg(ROW(setrole, setconfig)::text, ',' ORDER BY setrole) FROM pg_db_role_setting"
    " WHERE setdatabase = 0), {file})"
)
_FILE: Final = "(SELECT ROW(f.size, f.modification)::text FROM pg_stat_file('postgresql.auto.conf', true) AS f)"
_OF_ROLES: Final = """
    SELECT coalesce(rolname, ''), unnest(setconfig) FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole
    WHERE setdatabase = 0
"""
_OF_SYSTEM: Final = (
    "SELECT name, setting FROM pg_file_settings WHERE sourcefile ~ 'postgresql[.]auto[.]conf$' ORDER BY seqno"
)
_PATIENCE_SECONDS: Final = 2.0


class ServerSettings:
    """The settings as a worker found them. Only a superuser can change those of the system, so only that one looks."""

    def __init__(self, connection: Connection) -> None:
        is_superuser = connection.scalar("SHOW is_superuser") == "on"
        self.expression = LOOK.format(file=_FILE if is_superuser else "''")
        """The SQL by which a change is noticed; ``look`` is what it gave last."""
        self._is_superuser = is_superuser
        self._roles, self._system = self._read(connection)
        self.look = self._looked(connection)

    def set_back_what_changed(self, connection: Connection) -> None:
        """Look, and set back where that shows a change."""
        if self._looked(connection) != self.look:
            self.set_back(connection)

    def set_back(self, connection: Connection) -> None:
        """Give the server the settings of the start again. Raises SqlError if it refuses."""
        roles, system = self._read(connection)
        for role in {role for role, _ in roles ^ self._roles}:
            whose = f"ALTER ROLE {quoted(role) if role else 'ALL'}"
            connection.query(f"{whose} RESET ALL")
            for _, text in (pair for pair in self._roles if pair[0] == role):
                setting, _, value = text.partition("=")
                connection.query(
                    f"SELECT set_config({literal(setting)}, {literal(value)}, false);"
                    f"{whose} SET {quoted(setting)} FROM CURRENT; RESET {quoted(setting)}"
                )
        if system != self._system:
            self._set_system_back(connection, system)
        self.look = self._looked(connection)

    def _set_system_back(self, connection: Connection, now: dict[str, str]) -> None:
        for name in now.keys() - self._system.keys():
            connection.query(f"ALTER SYSTEM RESET {quoted(name)}")
        for name, value in self._system.items():
            if now.get(name) != value:
                connection.query(f"ALTER SYSTEM SET {quoted(name)} = {literal(value)}")
        loaded = connection.scalar("SELECT pg_conf_load_time()")
        connection.query("SELECT pg_reload_conf()")
        deadline = time.monotonic() + _PATIENCE_SECONDS  # every connection is told at the same moment as this one
        while connection.scalar("SELECT pg_conf_load_time()") == loaded and time.monotonic() < deadline:
            connection.query("SELECT pg_sleep(0.002)")

    def _looked(self, connection: Connection) -> str:
        return connection.scalar(f"SELECT {self.expression}") or ""

    def _read(self, connection: Connection) -> tuple[frozenset[tuple[str, str]], dict[str, str]]:
        roles = frozenset((role or "", text or "") for role, text in connection.query(_OF_ROLES))
        rows = connection.query(_OF_SYSTEM) if self._is_superuser else []
        return roles, {name or "": value or "" for name, value in rows}
