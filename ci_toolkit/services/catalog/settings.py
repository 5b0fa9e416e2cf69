"""Reads ``[tool.ci-toolkit.services]``: the built-in table, and what a team adds to it or changes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from ci_toolkit.config.project import nearest, read_section, read_settings
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.endpoint import planned, variables
from ci_toolkit.services.catalog.order import knows, refuse_circles, with_dependents_of_own
from ci_toolkit.services.catalog.placeholders import placeholders, with_public
from ci_toolkit.services.catalog.plugins import GROUP, installed
from ci_toolkit.services.catalog.table import (
    BUILT_IN,
    Credentials,
    Migrations,
    Protocol,
    Service,
    ServiceEnvironment,
    Table,
)

_HIGHEST_PORT: Final = 65535


class _Row(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """One service as a team writes it; whatever is left out stays as it was."""

    protocol: str | None = None
    port: int | None = None
    ports: dict[ServiceEnvironment, int] | None = None
    image: str | None = None
    alpine_image: str | None = None
    container_port: int | None = None
    user: str | None = None
    password: str | None = None
    database: str | None = None
    command: tuple[str, ...] | None = None
    depends_on: tuple[str, ...] | None = None
    knows: tuple[str, ...] | None = None
    path: str | None = None
    ready_log: str | None = None
    ready_command: tuple[str, ...] | None = None
    variables: dict[str, str] | None = None
    migrate: tuple[str, ...] | None = None
    migrations: tuple[str, ...] | None = None
    ready_seconds: float | None = None


def read_table(root: Path) -> Table:
    """Return the table of the project at ``root``. Raises ConfigurationError naming the setting that cannot be used."""
    settings, origin = read_section(root, "services")
    return table_from(settings, origin=origin) if settings else BUILT_IN


def table_from(settings: Mapping[str, Any], *, origin: str) -> Table:
    """Return the built-in table changed by ``settings``, service by service; ``false`` drops a service."""
    rows = {service.name: service for service in BUILT_IN.services}
    for name, value in settings.items():
        if value is False:
            rows.pop(name, None)
            continue
        row = _read_row(value, where=f"{origin} '{name}'")
        where = f"{origin} '{name}'"
        rows[name] = _changed(rows.get(name) or _added(name, row, where=where), row, where=where)
        _refuse_useless_migrations(rows[name], where=f"{origin} '{name}'")
        _refuse_other_signs(rows[name], where=f"{origin} '{name}'")
    table = Table(services=tuple(rows.values()), origin=origin)
    _refuse_shared_ports(table)
    refuse_circles(table)
    _refuse_unknown_placeholders(table)
    return with_dependents_of_own(table)


def _read_row(value: object, *, where: str) -> _Row:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} is not a table", advice="Write its settings there, or false to remove it.")
    return read_settings(value, _Row, where=where)


def _changed(service: Service, row: _Row, *, where: str) -> Service:
    """Return ``service`` with what ``row`` says."""
    if row.protocol is not None:
        protocol, plugin = _spoken(row.protocol, where=where)
        service = msgspec.structs.replace(service, protocol=protocol, plugin=plugin)
    plain = {
        name: getattr(row, name)
        for name in (
            "image", "alpine_image", "container_port", "command", "depends_on", "knows", "path",
            "ready_log", "ready_command", "variables", "ready_seconds",
        )
        if getattr(row, name) is not None
    }  # fmt: skip
    changes: dict[str, Any] = {
        **plain,
        "ports": _ports(service.ports, row),
        "credentials": _credentials(service.credentials, row),
        "migrations": Migrations(
            command=service.migrations.command if row.migrate is None else row.migrate,
            files=service.migrations.files if row.migrations is None else row.migrations,
        ),
    }
    if row.image is not None and row.alpine_image is None:
        changes["alpine_image"] = ""  # the built-in small image would be another server than the one chosen
    return msgspec.structs.replace(service, **changes)


def _credentials(old: Credentials, row: _Row) -> Credentials:
    return Credentials(
        user=old.user if row.user is None else row.user,
        password=old.password if row.password is None else row.password,
        database=old.database if row.database is None else row.database,
    )


def _ports(old: Mapping[ServiceEnvironment, int], row: _Row) -> dict[ServiceEnvironment, int]:
    base = dict(old) if row.port is None else dict.fromkeys(ServiceEnvironment, row.port)
    return base | (row.ports or {})


def _added(name: str, row: _Row, *, where: str) -> Service:
    """Return a new service without what ``row`` says beside its protocol."""
    if row.protocol is None:
        raise ConfigurationError(
            f"{where} is a new service without a protocol", advice=f"Set it to one of: {', '.join(_words())}."
        )
    protocol, _ = _spoken(row.protocol, where=where)
    if protocol.has_port and row.port is None and set(row.ports or {}) != set(ServiceEnvironment):
        raise ConfigurationError(
            f"{where} has no port", advice=f"Set port, or ports for each of: {', '.join(ServiceEnvironment)}."
        )
    return Service(name=name, protocol=protocol, ports={})


def _words() -> tuple[str, ...]:
    """Return every protocol that is spoken here."""
    built_in = tuple(protocol for protocol in Protocol if protocol is not Protocol.PLUGIN)
    return (*built_in, *(name for name in sorted(installed()) if name not in set(Protocol)))


def _spoken(word: str, *, where: str) -> tuple[Protocol, str]:
    """Return the protocol that ``word`` names, and the word where a plug-in speaks it."""
    if word not in _words():
        raise ConfigurationError(
            f"{where} has protocol '{word}', which neither ci-toolkit nor a plug-in here speaks",
            advice=f"{nearest(word, _words(), 'protocols')} A plug-in is a package with an entry point of {GROUP}.",
        )
    return (Protocol(word), "") if word in set(Protocol) else (Protocol.PLUGIN, word)


def _refuse_useless_migrations(service: Service, *, where: str) -> None:
    """Raise ConfigurationError for migrations that would be ignored, or whose change nobody could see."""
    migrations = service.migrations
    if service.protocol is not Protocol.POSTGRESQL and (migrations.command or migrations.files):
        raise ConfigurationError(
            f"{where} has migrate or migrations, but only PostgreSQL databases can be migrated, not {service.protocol}",
            advice="Remove these settings, and fill the store in a fixture.",
        )
    if migrations.command and not migrations.files:
        raise ConfigurationError(
            f"{where} has migrate without migrations: a change of schema would not be noticed, and the old one be used",
            advice='Name the files that decide the schema: migrations = ["migrations/versions/*.py"].',
        )


def _refuse_other_signs(service: Service, *, where: str) -> None:
    """Raise ConfigurationError for a service that nobody could know to be ready, or that two signs would tell of."""
    kind = service.protocol
    signs = [name for name in ("ready-log", "ready-command") if getattr(service, name.replace("-", "_"))]
    wrong = advice = ""
    if not kind.has_port and service.ports:
        wrong, advice = f"has a port, and protocol '{kind}' is for what does not listen", "Remove one of them."
    elif not kind.has_port and not service.command:
        wrong, advice = f"has protocol '{kind}' and no command", "Write what is to run."
    elif service.plugin and not (service.command or service.image):
        wrong, advice = f"has protocol '{service.plugin}', and nothing to run", "Set command or image."
    elif kind is Protocol.NONE and not signs:
        wrong, advice = "has no port, and nothing says when it is ready", "Set ready-log or ready-command."
    elif kind is Protocol.JOB and signs:
        wrong, advice = f"has {signs[0]}, and a job is ready when it has ended", "Remove that."
    elif kind.is_data_store and signs:
        wrong, advice = f"has {signs[0]}, and a data store is asked in its own protocol", "Remove that."
    elif len(signs) > 1:
        wrong, advice = "has ready-log and ready-command", "Keep the one that says more."
    try:
        re.compile(service.ready_log)
    except re.error as error:
        wrong, advice = f"has a ready-log that is no regular expression: {error}", "Correct it."
    if wrong:
        raise ConfigurationError(f"{where} {wrong}", advice=advice)


def _refuse_unknown_placeholders(table: Table) -> None:
    """Raise ConfigurationError for an address that a service is to have of one that it does not depend on."""
    for row in table.services:
        others = [planned(other, ServiceEnvironment.TEST) for other in table.services if knows(row, other)]
        addresses = variables(others)
        known = ["port", *map(str.lower, with_public(addresses, addresses))]
        for name in placeholders((*row.command, *row.ready_command, *row.variables.values())):
            if name not in known:
                raise ConfigurationError(
                    f"{table.origin}: '{row.name}' has {{{name}}}, which is no address of a service that it has",
                    advice=nearest(name, known, "placeholders")
                    + " Name the service in its depends-on or knows; {{...}}"
                    " keeps braces as they are.",
                )


def _refuse_shared_ports(table: Table) -> None:
    """Raise ConfigurationError if two services would listen on one port, or a port is none."""
    for environment in ServiceEnvironment:
        holders: dict[int, str] = {}
        for service in (row for row in table.services if row.protocol.has_port):
            port = service.port(environment)
            if not 1 <= port <= _HIGHEST_PORT:
                raise ConfigurationError(f"{table.origin}: port {port} of '{service.name}' is not between 1 and 65535")
            if port in holders:
                raise ConfigurationError(
                    f"{table.origin}: '{holders[port]}' and '{service.name}' share port {port} in '{environment}'",
                    advice="Give one of them another port.",
                )
            holders[port] = service.name
