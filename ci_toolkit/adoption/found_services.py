"""Finds the servers that a project's settings, workflows and compose files start, as rows of the table of services."""

import itertools
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ci_toolkit.adoption.documents import entries, table, text_of
from ci_toolkit.adoption.repository import FoundService
from ci_toolkit.adoption.tree import Tree
from ci_toolkit.adoption.yaml_files import compose_files, job_folders, read_yaml, workflow_files
from ci_toolkit.config.project import read_section
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import BUILT_IN

_IMAGES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "postgis": "postgresql",
    "pgvector": "postgresql",
    "timescaledb": "postgresql",
    "redis": "redis",
    "valkey": "redis",
    "redis-stack-server": "redis",
    "clickhouse-server": "clickhouse",
}
"""Last word of an image's name to the service of the table that it is."""
_VARIABLES = {
    "postgresql": (
        ("POSTGRES_USER", "POSTGRESQL_USERNAME"),
        ("POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"),
        ("POSTGRES_DB", "POSTGRESQL_DATABASE"),
    ),
    "redis": ((), ("REDIS_PASSWORD",), ()),
    "clickhouse": (("CLICKHOUSE_USER",), ("CLICKHOUSE_PASSWORD",), ("CLICKHOUSE_DB",)),
}
"""Service to the names of its image's variables for user, password and database."""
_DEFAULT = re.compile(r"\$\{\w+:?-([^{}$]*)\}")
_PUBLISHED = re.compile(r"(?:.*:)?(\d{1,5}):(\d{1,5})(?:/tcp)?")
_HIGHEST_PORT = 65535

Say = Callable[[str], None]


def found_services(tree: Tree, folder: str, *, is_alone: bool, ours: str, note: Say) -> tuple[FoundService, ...]:
    """Return the data stores that the project in ``folder`` is tested with, one of each kind, sorted by name.

    A workflow is believed before a compose file, for it says what tests have. ``is_alone`` says that the repository
    has no other project; else what a file says of folders decides. ``ours`` is the workflow that is written here.
    ``note`` is told what could not be read.
    """
    found: dict[str, FoundService] = {}
    for read, paths in (
        (_of_workflow, [path for path in workflow_files(tree) if path != ours]),
        (_of_compose, compose_files(tree, folder)),
    ):
        for path in paths:
            try:
                document = read_yaml(tree, path)
            except ValueError as error:
                note(f"{path} was not looked at: {error}")
                continue
            for service in read(document, path, folder, is_alone=is_alone):
                found.setdefault(service.name, service)
    return tuple(sorted(found.values(), key=lambda service: service.name))


def services_of_settings(root: Path) -> tuple[FoundService, ...]:
    """Return the data stores of the project in ``root``, where its settings have a table of services; else none.

    Raises ConfigurationError for a table that cannot be used.
    """
    if not read_section(root, "services")[0]:
        return ()
    stores = [row for row in read_table(root).services if row.protocol.is_data_store]
    return tuple(
        FoundService(name=row.name, image=row.image, where="pyproject.toml")
        for row in sorted(stores, key=lambda row: row.name)
    )


def _of_workflow(document: Any, path: str, folder: str, *, is_alone: bool) -> Iterator[FoundService]:
    for job in table(document, "jobs").values():
        if is_alone or folder in job_folders(document, job):
            for row in table(job, "services").values():
                yield from _service(row, table(row, "env"), path)


def _of_compose(document: Any, path: str, folder: str, *, is_alone: bool) -> Iterator[FoundService]:
    rows = table(document, "services")
    home = posixpath.dirname(path) or "."
    users = [row for row in rows.values() if _is_built_of(row, home, folder)]
    needed = {name for row in users for name in _depends_on(row)}
    for name, row in rows.items():
        if is_alone or not users or name in needed:
            yield from _service(row, _environment(table(row).get("environment")), path)


def _is_built_of(row: Any, home: str, folder: str) -> bool:
    build = table(row).get("build")
    context = text_of(build) or text_of(table(build).get("context"))
    return bool(context) and posixpath.normpath(posixpath.join(home, context)) == folder


def _depends_on(row: Any) -> Iterator[str]:
    named = table(row).get("depends_on")
    yield from (name for name in (named if isinstance(named, list | Mapping) else ()) if isinstance(name, str))


def _environment(value: object) -> Mapping[str, Any]:
    """Return what compose takes as a mapping, or as a list of ``NAME=VALUE``."""
    if isinstance(value, list):
        return dict(each.split("=", 1) for each in value if isinstance(each, str) and "=" in each)
    return table(value)


def _service(row: Any, variables: Mapping[str, Any], where: str) -> Iterator[FoundService]:
    image = _plain(table(row).get("image"))
    name = _IMAGES.get(re.split(r"[:@]", image.rpartition("/")[2])[0])
    if name is None:
        return
    user, password, database = (_first(variables, names) for names in _VARIABLES[name])
    if name == "postgresql" and user:
        database = database or user  # as the image does
    yield FoundService(
        name=name,
        image=image,
        port=_port(table(row).get("ports"), BUILT_IN.service(name).container_port),
        user=user,
        password=password or _password_of(table(row).get("command")),
        database=database,
        where=where,
    )


def _first(variables: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := _plain(variables.get(name)))), "")


def _port(ports: object, inside: int) -> int | None:
    """Return the port of this machine that leads to the port ``inside`` the container, where a file chooses one."""
    for entry in entries(ports):
        long = f"{_plain(table(entry).get('published'))}:{_plain(table(entry).get('target'))}"
        match = _PUBLISHED.fullmatch(_plain(entry) or long)
        if match and int(match[2]) == inside and 0 < int(match[1]) <= _HIGHEST_PORT:
            return int(match[1])
    return None


def _password_of(command: object) -> str:
    """Return what ``redis-server --requirepass`` is given."""
    try:
        words = [_plain(word) for word in (command if isinstance(command, list) else shlex.split(text_of(command)))]
    except ValueError:
        return ""
    return next((value for word, value in itertools.pairwise(words) if word == "--requirepass"), "")


def _plain(value: object) -> str:
    """Return the text with the defaults of compose's variables; ``""`` where a variable without one decides."""
    text = _DEFAULT.sub(r"\1", text_of(value))
    return "" if "$" in text else text
