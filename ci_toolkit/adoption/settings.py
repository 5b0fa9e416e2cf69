"""Renders what is to stand in a project's pyproject.toml: tables after everything that is there, which stays as it is.

Adding tables needs no library that keeps comments: nothing of the file is written anew, and reading the result shows
that it says what it said before, and the new tables.
"""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from ci_toolkit.adoption.django import PYTHON_FILES
from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.adoption.repository import FoundService, Project
from ci_toolkit.adoption.toml_text import toml_value
from ci_toolkit.config.project import tool_table
from ci_toolkit.model.category import BUILT_IN
from ci_toolkit.services.catalog.table import BUILT_IN as BUILT_IN_SERVICES
from ci_toolkit.services.catalog.table import ServiceEnvironment

Tables = dict[tuple[str, ...], dict[str, Any]]
"""The tables below ``[tool]`` by their names; a value is a string, a number, false or a list of strings."""
_OURS = "ci-toolkit"


def settings_text(project: Project) -> str | None:
    """Return the text of the pyproject.toml of ``project`` with the settings that it lacks; None for no file."""
    before = project.pyproject or ""
    tables = _missing(_wanted(project), tool_table(tomllib.loads(before), _OURS))
    if not tables:
        return project.pyproject
    text = before.replace("\r\n", "\n")
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    after = text + gap + "\n".join(_lines(tables))
    _prove(before, after, tables, project.path("pyproject.toml"))
    return after.replace("\n", "\r\n") if "\r\n" in before else after


def _wanted(project: Project) -> Tables:
    built_in = {category.name: category for category in BUILT_IN}
    services = [service.name for service in project.services]
    tables: Tables = {}
    if project.django:
        tables[("pytest", "ini_options")] = {"DJANGO_SETTINGS_MODULE": project.django, "python_files": [*PYTHON_FILES]}
    for name in sorted({*project.layout.directories, *project.layout.markers}):
        table = tables[(_OURS, "categories", name)] = {}
        if name in project.layout.directories:
            table["directories"] = [*built_in[name].directories, *project.layout.directories[name]]
        if name in project.layout.markers:
            table["marker"] = project.layout.markers[name]
        table["services"] = services
    return tables | (_services(project.services) if services else {})


def _services(found: Sequence[FoundService]) -> Tables:
    """Return the rows that make the table of services the one that the repository's own files describe."""
    stores = [row.name for row in BUILT_IN_SERVICES.services if row.protocol.is_data_store]
    names = {service.name for service in found}
    tables: Tables = {(_OURS, "services"): {name: False for name in stores if name not in names}}
    tables |= {(_OURS, "services", service.name): _row(service) for service in found}
    return {keys: table for keys, table in tables.items() if table}


def _row(found: FoundService) -> dict[str, Any]:
    """Return the row of a store beside the built-in services; a port of one of these is none for it."""
    others = {port for row in BUILT_IN_SERVICES.services if row.name != found.name for port in row.ports.values()}
    return store_row(found, port=None if found.port in others else found.port)


def store_row(found: FoundService, *, port: int | None) -> dict[str, Any]:
    """Return what of the store is not as the built-in table has it; without ``port`` it keeps that one's."""
    row = BUILT_IN_SERVICES.service(found.name)
    login = row.credentials
    told = (
        ("image", found.image, row.image),
        ("port", port, row.port(ServiceEnvironment.TEST)),
        ("user", found.user, login.user),
        ("password", found.password, login.password),
        ("database", found.database, login.database),
    )
    return {key: value for key, value, usual in told if value and value != usual}


def _missing(wanted: Tables, present: Mapping[str, Any]) -> Tables:
    """Return the tables of which nothing is there: what a team wrote is not touched, and its services are its own.

    ``present`` is ``[tool.ci-toolkit]``; of other tools only tables are wanted that are not there.
    """
    has_services = "services" in present
    return {
        keys: table
        for keys, table in wanted.items()
        if keys[0] != _OURS or (not has_services if keys[1] == "services" else keys[-1] not in present.get(keys[1], {}))
    }


def _lines(tables: Tables) -> list[str]:
    lines = []
    for keys, table in tables.items():
        lines += [f"[{'.'.join(('tool', *keys))}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in table.items()]
        lines += [""]
    return lines


def _prove(before: str, after: str, tables: Tables, path: str) -> None:
    """Raise AdoptionError unless ``after`` says what ``before`` says, and the tables."""
    try:
        found = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        found = {}
    if found != _with_tables(tomllib.loads(before), tables):
        raise AdoptionError(
            f"{path} writes [tool] or a table below it in one line, and no table can be added to that",
            advice="Write it as tables, or add these lines yourself:\n    " + "\n    ".join(_lines(tables)),
        )


def _with_tables(document: dict[str, Any], tables: Tables) -> dict[str, Any] | None:
    """Return ``document`` with ``tables``; None where something else stands in the place of a table."""
    for keys, table in tables.items():
        here: Any = document
        for key in ("tool", *keys[:-1]):
            here = here.setdefault(key, {})
            if not isinstance(here, dict):
                return None
        here[keys[-1]] = table
    return document
