"""Maps the services of compose files to rows of the table of services, and says what has no place there."""

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ci_toolkit.adoption.compose.addresses import Address
from ci_toolkit.adoption.compose.kinds import Kind, NoRowError, kind_of
from ci_toolkit.adoption.compose.known import login_names, published_port, store_of
from ci_toolkit.adoption.compose.own import Network, command_of, variables_of
from ci_toolkit.adoption.compose.reasons import reason_for
from ci_toolkit.adoption.compose.service import ComposeService, Mount, Note, Place, Say
from ci_toolkit.adoption.settings import store_row
from ci_toolkit.adoption.templating import stays_data
from ci_toolkit.services.catalog.table import BUILT_IN, Protocol, ServiceEnvironment

_INIT: Final = "/docker-entrypoint-initdb.d"
_DATA: Final = ("/var/lib/postgresql", "/var/lib/clickhouse", "/var/lib/redis", "/data", "/bitnami")
"""Where stores keep what a test's server does not keep."""
_READY_SECONDS: Final = 30.0
_LONGEST_SECONDS: Final = 600.0
_OF_THE_IMAGE: Final = re.compile(r"PGDATA|.*_FILE|POSTGRES_HOST_AUTH_METHOD|ALLOW_EMPTY_PASSWORD")
"""Variables of a store's image that would put data elsewhere, name files of the container, or do without a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """A row of the table; a value is a string, a number, a list of strings or a mapping of strings."""

    name: str
    settings: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A service that gets a row."""

    row: str
    kind: Kind
    service: ComposeService
    port: int | None
    """None for the table's own, and for what has none."""


def rows_of(services: Sequence[ComposeService], *, profiles: Sequence[str], say: Say) -> tuple[ImportedRow, ...]:
    """Return the rows for ``services``, those with a profile only where ``profiles`` names it.

    ``say`` is told what is not taken: whole services first, then the rest of those that are.
    """
    mapper = _Mapper(say=say)
    awaited = frozenset(name for service in services for name in service.completed)
    for service in services:
        mapper.place(service, profiles, is_awaited=service.name in awaited)
    known = {taken.service.name: taken for taken in mapper.taken}
    hosts = frozenset(service.name for service in services)
    return tuple(mapper.row(taken, known, hosts) for taken in mapper.taken)


@dataclass(slots=True, kw_only=True)
class _Mapper:
    """Gives services their names and ports, then their rows."""

    say: Say
    taken: list[_Taken] = field(default_factory=list)

    def place(self, service: ComposeService, profiles: Sequence[str], *, is_awaited: bool) -> None:
        """Decide whether ``service`` gets a row, and which name and port that has."""
        try:
            _refuse_profile(service, profiles)
            self.taken.append(self._placed(service, kind_of(service, is_awaited=is_awaited)))
        except NoRowError as error:
            self._note(error.place, service.name, error.why)

    def row(self, taken: _Taken, known: Mapping[str, _Taken], hosts: frozenset[str]) -> ImportedRow:
        """Return the row of a service."""
        service = taken.service
        settings = self._store(taken) if taken.kind.is_store else self._other(taken, known, hosts)
        for port in service.ports:
            if port.target != taken.kind.target and port.published:
                self._note(
                    port.place, f"{service.name}: ports", f"a row has one port, and {port.target} is a further one"
                )
        for key, place in service.others.items():
            self._note(place, f"{service.name}: {key}", reason_for(key))
        return ImportedRow(name=taken.row, settings=dict(self._harmless(service, settings)), place=service.place)

    def _placed(self, service: ComposeService, kind: Kind) -> _Taken:
        name = _row_name(service, kind)
        for other in self.taken:
            if other.row == name:
                told = (
                    f"the table has one {kind.protocol}" if kind.is_store else f"the table calls another one '{name}'"
                )
                raise NoRowError(service.place, f"{told}, and that is '{other.service.name}' of {other.service.place}")
        port = published_port(service, kind.target) or (None if kind.is_store else kind.target or None)
        usual = BUILT_IN.service(name).port(ServiceEnvironment.TEST) if kind.is_store else None
        for other in self.taken:
            if other.port == port and port is not None:
                if usual is None:
                    raise NoRowError(service.place, f"its port {port} is that of '{other.service.name}'")
                self._note(service.place, f"{service.name}: ports", f"{port} is the port of '{other.service.name}'")
                port = None
        return _Taken(row=name, kind=kind, service=service, port=port)

    def _note(self, place: Place, what: str, why: str) -> None:
        self.say(Note(place=place, what=what, why=why))

    def _store(self, taken: _Taken) -> dict[str, Any]:
        service, kind = taken.service, str(taken.kind.protocol)
        found = store_of(service, kind)
        settings = store_row(found, port=taken.port)
        settings |= self._moved(taken)
        for name, value in service.environment.items():
            if name in login_names(kind):
                self._say_of_login(service, name, taken.row)
            elif _OF_THE_IMAGE.fullmatch(name) or not value.value or value.is_private:
                self._note(value.place, f"{service.name}: {name}", _why_not_of_a_store(name))
            else:
                settings.setdefault("variables", {})[name] = value.value
        if service.command and not found.password:
            self._note(
                service.command[0].place, f"{service.name}: command", "the table starts a store by its own options"
            )
        migrations = sorted(dict.fromkeys(self._migrations(service, taken.kind.protocol)))
        return settings | ({"migrations": migrations} if migrations else {})

    def _moved(self, store: _Taken) -> dict[str, int]:
        """Return a port for a store that has the table's, if another service has one of these in some environment."""
        row = BUILT_IN.service(store.row)
        others = {other.port for other in self.taken if other is not store}
        usual = row.port(ServiceEnvironment.TEST)
        if store.port not in {None, usual} or not others & set(row.ports.values()):
            return {}
        further = itertools.count(row.container_port + 10_000)
        return {"port": next(port for port in itertools.chain([usual], further) if port not in others)}

    def _say_of_login(self, service: ComposeService, name: str, row: str) -> None:
        value = service.environment[name]
        if value.value is None or value.is_private:
            own = BUILT_IN.service(row).credentials
            is_password = "PASSWORD" in name
            if value.value is None or is_password:
                kept = (
                    "the table's password"
                    if is_password
                    else f"'{own.user}'"
                    if "USER" in name
                    else f"'{own.database}'"
                )
                why = (
                    "its value is in no file"
                    if value.value is None
                    else "a password of a file of variables stays there"
                )
                self._note(value.place, f"{service.name}: {name}", f"{why}; {kept} is kept")

    def _migrations(self, service: ComposeService, protocol: Protocol) -> Iterator[str]:
        for mount in service.mounts:
            scripts = mount.target.rstrip("/").startswith(_INIT)
            if scripts and mount.source and protocol is Protocol.POSTGRESQL and (found := _scripts(mount)):
                yield found
            elif not mount.is_named and not mount.target.startswith(_DATA):
                why = "only .sql files run on an empty database" if scripts else "no file is given to a server"
                self._note(mount.place, f"{service.name}: volumes", why)

    def _other(self, taken: _Taken, known: Mapping[str, _Taken], hosts: frozenset[str]) -> dict[str, Any]:
        """Return the row of a service that is no store."""
        service, kind = taken.service, taken.kind
        told = {
            "protocol": str(kind.protocol),
            "port": taken.port,
            "image": service.image.value if service.build is None and service.image else None,
            "container-port": kind.target if service.build is None and kind.target != taken.port else None,
            "path": kind.path,
            "ready-log": kind.ready_log,
            "ready-command": list(kind.ready_command),
        }
        settings = {key: value for key, value in told.items() if value}
        if kind.is_assumed:
            self._note(service.place, f"{service.name}: path", "nothing says what it answers; `/` over HTTP is assumed")
        if service.build is not None:
            settings |= command_of(service, kind.target, self.say)
        if service.health and service.health.seconds > _READY_SECONDS:
            settings["ready-seconds"] = round(min(service.health.seconds, _LONGEST_SECONDS))
        variables = variables_of(service, _network(service, known, hosts), self.say)
        settings |= self._needed(service, known, variables.values())
        for mount in service.mounts if service.build is None else ():
            if mount.is_named:
                continue
            self._note(mount.place, f"{service.name}: volumes", "no file is given to a server")
        return settings | ({"variables": variables} if variables else {})

    def _needed(
        self, service: ComposeService, known: Mapping[str, _Taken], values: Collection[str]
    ) -> dict[str, list[str]]:
        """Return what the service depends on, and whose address it has besides: a store's is there before it starts."""
        for name, place in service.depends_on.items():
            if name not in known:
                self._note(place, f"{service.name}: depends_on", f"'{name}' has no row")
            elif name in service.completed and known[name].kind.protocol is not Protocol.JOB:
                self._note(place, f"{service.name}: depends_on", f"the table does not wait until '{name}' has ended")
        needed = [other.row for name, other in known.items() if _is_before(service, name, other.kind)]
        named = [
            other
            for name, other in known.items()
            if other.row not in needed and any(f"{{{_address(other).word}_" in value for value in values)
        ]
        stores = [other.row for other in named if other.kind.is_store]
        knows = [other.row for other in named if not other.kind.is_store]
        depends = {"depends-on": [*needed, *stores]} if service.depends_on or stores else {}
        return depends | ({"knows": knows} if knows else {})

    def _harmless(self, service: ComposeService, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield what can stand in the table and in the files that are rendered from it."""
        for key, value in settings.items():
            if isinstance(value, Mapping):
                kept = dict(self._harmless(service, value))
                yield key, kept
            elif all(stays_data(text) for text in (key, *(value if isinstance(value, list) else [str(value)]))):
                yield key, value
            else:
                self._note(
                    service.place, f"{service.name}", "a control character, or an expression of GitHub's, is left out"
                )


def _address(taken: _Taken) -> Address:
    return Address(taken.row, taken.kind.protocol, taken.kind.target)


def _network(service: ComposeService, known: Mapping[str, _Taken], hosts: frozenset[str]) -> Network:
    others = {name: other for name, other in known.items() if other.kind.target and other.service.name != service.name}
    return Network(
        before={name: _address(other) for name, other in others.items() if _is_before(service, name, other.kind)},
        known={name: _address(other) for name, other in others.items()},
        hosts=hosts,
    )


def _is_before(service: ComposeService, name: str, kind: Kind) -> bool:
    """Whether a service starts after ``name``: one that says nothing starts after the stores that every run has."""
    if service.depends_on:
        return name in service.depends_on
    return kind.protocol in {Protocol.POSTGRESQL, Protocol.REDIS}


def _refuse_profile(service: ComposeService, profiles: Sequence[str]) -> None:
    if service.profiles and "*" not in profiles and not set(service.profiles) & set(profiles):
        named = " or ".join(f"`--profile {name}`" for name in service.profiles)
        raise NoRowError(service.place, f"compose starts it with a profile alone; {named} takes it")


def _row_name(service: ComposeService, kind: Kind) -> str:
    """Return the name of a row: a store's is the table's, another one's is the service's, as far as it can be."""
    if kind.is_store:
        return str(kind.protocol)
    name = re.sub(r"[^A-Za-z0-9_-]", "-", service.name)
    if not re.match(r"[A-Za-z]", name):
        raise NoRowError(service.place, "the name of a row begins with a letter")
    built_in = {row.name: row.protocol for row in BUILT_IN.services}
    is_another = name in built_in and (built_in[name].is_data_store or not kind.protocol.has_port)
    return f"{name}-service" if is_another else name


def _scripts(mount: Mount) -> str:
    """Return the pattern of the SQL files that a mount brings; empty where it brings others."""
    source = re.sub(r"([*?[])", r"[\1]", mount.source)
    if mount.target.rstrip("/") == _INIT and "." not in mount.source.rpartition("/")[2]:
        return f"{source}/*.sql"
    return source if mount.source.endswith(".sql") else ""


def _why_not_of_a_store(name: str) -> str:
    if _OF_THE_IMAGE.fullmatch(name):
        return "the table gives a store its login and its folder"
    return "its value is in no file, or in a file of variables, which stays as it is"
