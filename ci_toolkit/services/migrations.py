"""Runs the team's migrations on an empty database, and says what they depend on."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ci_toolkit.services import pgwire
from ci_toolkit.services.endpoint import Endpoint, variables
from ci_toolkit.services.errors import MigrationError
from ci_toolkit.services.table import Migrations, Service

_SECONDS: Final = 600
_TAIL_LINES: Final = 20


def migrations_digest(migrations: Migrations, root: Path) -> str:
    """Return what changes as soon as the command, or the name or content of a migration file does."""
    state = hashlib.sha256("\0".join((*migrations.command, "", *migrations.files)).encode())
    for path in migration_files(migrations, root):
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


def _run(service: Service, endpoint: Endpoint, root: Path) -> None:
    command = service.migrations.command
    said = " ".join(command)
    try:
        ran = subprocess.run(
            command, cwd=root, env={**os.environ, **variables([endpoint])}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(service, f"`{said}` did not run: {error}") from error
    if ran.returncode != 0:
        tail = ran.stdout.decode(errors="replace").splitlines()[-_TAIL_LINES:]
        text = "\n".join(f"    {line}" for line in tail)
        raise _failed(service, f"`{said}` ended with exit status {ran.returncode}:\n{text}")


def _apply(service: Service, endpoint: Endpoint, root: Path) -> None:
    files = migration_files(service.migrations, root)
    if not files:
        raise _failed(service, f"no file matches {', '.join(service.migrations.files)} in {root}")
    with pgwire.Connection(endpoint.host, endpoint.port, endpoint.credentials, timeout=_SECONDS) as connection:
        for path in files:
            try:
                connection.query(path.read_text(encoding="utf-8"))
            except (pgwire.SqlError, OSError, UnicodeDecodeError) as error:
                raise _failed(service, f"{path.relative_to(root)}: {error}") from error


def _failed(service: Service, what: str) -> MigrationError:
    return MigrationError(
        f"the migrations of {service.name} failed: {what}",
        advice=f"They ran on an empty database. They stand under [tool.ci-toolkit.services.{service.name}].",
    )
