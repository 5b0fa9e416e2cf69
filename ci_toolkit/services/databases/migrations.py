"""Runs the team's migrations on an empty database, and digests what they depend on."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.endpoint import Endpoint, variables
from ci_toolkit.services.catalog.surroundings import corrected
from ci_toolkit.services.catalog.table import Migrations, Service
from ci_toolkit.services.databases.sql import SqlError, literal, quoted
from ci_toolkit.services.errors import MigrationError, MissingClientError
from ci_toolkit.services.processes.logs import lines_shown

if TYPE_CHECKING:  # it imports psycopg, which takes longer than a server takes to start
    from ci_toolkit.services.databases.connection import Connection

_SECONDS: Final = 600
_TAIL_LINES: Final = 20
_COMMENT: Final = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
_TABLES: Final = (
    "SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE relkind IN ('r', 'p', 'v', 'm') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'"
)


def migrations_digest(migrations: Migrations, root: Path) -> str:
    """Return what changes as soon as the command, or the name or content of a migration file does.

    Raises ConfigurationError for a command without files: its schema would be old one day, and nobody could see it.
    """
    state = hashlib.sha256("\0".join((*migrations.command, "", *migrations.files)).encode())
    files = migration_files(migrations, root)
    if migrations.command and not files:
        raise ConfigurationError(
            f"`{' '.join(migrations.command)}` migrates, and no file matches migrations = {list(migrations.files)}"
            f" in {root}: ci-toolkit could not notice a change of schema",
            advice="Name the files that decide the schema, by patterns relative to the project's root.",
        )
    for path in files:
        state.update(b"\0" + path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


def migration_files(migrations: Migrations, root: Path) -> tuple[Path, ...]:
    """Return the files that the patterns name, each once, in the order of their names."""
    return tuple(sorted({path for path in _matches(migrations, root) if path.is_file()}))


def _matches(migrations: Migrations, root: Path) -> Iterator[Path]:
    for pattern in migrations.files:
        yield from root.glob(pattern)


def migrate(service: Service, endpoint: Endpoint, root: Path) -> None:
    """Run the service's migrations in the database at ``endpoint``. Raises MigrationError with what they said."""
    migrations = service.migrations
    if migrations.command:
        _run(service, endpoint, root)
    elif migrations.files:
        _apply(service, endpoint, root)


def migrate_once(service: Service, endpoint: Endpoint, root: Path) -> bool:
    """Bring a PostgreSQL database that somebody else made up to date, and return whether there was anything to do.

    What ran is noted as the comment of the database. Raises MigrationError where plain SQL files
    would meet tables that are there already.
    """
    migrations = service.migrations
    if not migrations.command and not migrations.files:
        return False
    note = f"ci-toolkit: migrated {migrations_digest(migrations, root)}"
    with _connected(endpoint) as connection:
        if connection.scalar(_COMMENT) == note:
            return False
        if not migrations.command and connection.scalar(_TABLES) != "0":
            raise MigrationError(
                f"the database '{endpoint.credentials.database}' on {endpoint.address} holds tables already, "
                "which these migrations did not make",
                advice="Empty it, set a migrate command that brings any database up to date, "
                "or run with --dynamic-ports, on a database of its own.",
            )
        migrate(service, endpoint, root)
        database = quoted(endpoint.credentials.database)
        connection.query(f"COMMENT ON DATABASE {database} IS {literal(note)}")
    return True


def _run(service: Service, endpoint: Endpoint, root: Path) -> None:
    command = service.migrations.command
    shown = " ".join(command)
    try:
        ran = subprocess.run(
            command, cwd=root, env=corrected(os.environ) | variables([endpoint]), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(service, f"`{shown}` did not run: {error}") from error
    if ran.returncode != 0:
        tail = ran.stdout.decode(errors="replace").splitlines()[-_TAIL_LINES:]
        text = "\n".join(f"    {line}" for line in lines_shown(tail, (service.credentials.password,)))
        raise _failed(service, f"`{shown}` ended with exit status {ran.returncode}:\n{text}")


def _apply(service: Service, endpoint: Endpoint, root: Path) -> None:
    files = migration_files(service.migrations, root)
    if not files:
        raise _failed(service, f"no file matches {', '.join(service.migrations.files)} in {root}")
    with _connected(endpoint, seconds=_SECONDS) as connection:
        for path in files:
            try:
                connection.query(path.read_text(encoding="utf-8"))
            except (SqlError, OSError, UnicodeDecodeError) as error:
                raise _failed(service, f"{path.relative_to(root)}: {error}") from error


def _connected(endpoint: Endpoint, *, seconds: float = 30.0) -> "Connection":
    try:
        from ci_toolkit.services.databases.connection import Connection
    except ModuleNotFoundError as error:
        raise MissingClientError(
            f"migrations need the package {error.name}", advice="Install it: `pip install 'ci-toolkit[services]'`."
        ) from error
    return Connection(endpoint.host, endpoint.port, endpoint.credentials, seconds=seconds)


def _failed(service: Service, what: str) -> MigrationError:
    return MigrationError(
        f"the migrations of {service.name} failed: {what}",
        advice=f"They ran on an empty database; [tool.ci-toolkit.services.{service.name}] names them.",
    )
