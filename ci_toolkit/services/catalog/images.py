"""What the images of the data stores expect: the variables, the arguments and the data folder of each.

A password goes in by the environment of a container, never by an argument, which every user of the machine may read.
"""

import re
import shlex
import string
from typing import Final

from ci_toolkit.services.catalog.table import Protocol, Service

DATA_FOLDER: Final = {
    Protocol.POSTGRESQL: "/var/lib/postgresql/data",
    Protocol.REDIS: "/data",
    Protocol.CLICKHOUSE: "/var/lib/clickhouse",
}
"""What a dev environment keeps in a volume and a test environment in memory, as far as images have not moved it."""
_FIRST_WITH_FOLDERS: Final = 18
_SINCE_18: Final = "/var/lib/postgresql"
"""Newer images of PostgreSQL keep each version in a folder below this one, and refuse to start where the older images'
is mounted: https://github.com/docker-library/postgres/pull/1259"""

_PREFIX: Final = {Protocol.POSTGRESQL: "POSTGRES", Protocol.CLICKHOUSE: "CLICKHOUSE"}
_PROGRAM: Final = {Protocol.POSTGRESQL: "postgres", Protocol.REDIS: "redis-server"}
_DATABASES: Final = "64"
"""Logical databases of Redis: one for each of many workers."""
_PLAIN: Final = frozenset(string.ascii_letters + string.digits)
INPUT: Final = "CI_TOOLKIT_INPUT"
"""The variable of a container with what its server reads from its standard input."""
FROM_INPUT: Final = "-"
"""What tells Redis to do so, as its first argument or its last."""
_CLIENT_VARIABLE: Final = "REDISCLI_AUTH"
"""Where the client of Redis finds the password."""


def data_folder(service: Service, image: str) -> str:
    """Return where ``image`` keeps the data of a store."""
    is_newer = service.protocol is Protocol.POSTGRESQL and _postgresql_version(image) >= _FIRST_WITH_FOLDERS
    return _SINCE_18 if is_newer else DATA_FOLDER[service.protocol]


def _postgresql_version(image: str) -> int:
    """Return the version in an image's tag, as in ``16-3.4`` and ``pg17``; the official image without one is new."""
    repository, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    found = re.search(r"pg(\d+)", tag) or re.match(r"(\d+)", tag)
    if found:
        return int(found[1])
    return _FIRST_WITH_FOLDERS if repository == "postgres" else 0


def variables(service: Service) -> dict[str, str]:
    """Return what the image reads at its first start, and what the table adds."""
    prefix = _PREFIX.get(service.protocol)
    if prefix is None:
        return dict(service.variables)
    login = service.credentials
    named = {f"{prefix}_USER": login.user, f"{prefix}_PASSWORD": login.password, f"{prefix}_DB": login.database}
    return named | service.variables


def compose_variables(service: Service) -> dict[str, str]:
    """Return the variables of a service in a compose file: with the login where the image has none for it."""
    settings = login_settings(service)
    client = {_CLIENT_VARIABLE: service.credentials.password} if service.credentials.password else {}
    return variables(service) | ({INPUT: settings, **client} if settings else {})


def command(service: Service, *, is_kept: bool) -> tuple[str, ...]:
    """Return what the image has to run in place of its own command, empty where that will do.

    Data that are not kept need no care for a crash.
    """
    program = _PROGRAM.get(service.protocol)
    options = () if is_kept else throw_away_options(service)
    if program and login_settings(service):
        started = shlex.join(["docker-entrypoint.sh", program, FROM_INPUT, *options])
        return ("sh", "-c", f"exec {started} <<END\n${INPUT}\nEND")
    return (program, *options) if program and options else ()


def throw_away_options(service: Service) -> tuple[str, ...]:
    """Return the options that make a server write nothing for the sake of a crash, and those the table asks for."""
    if service.protocol is Protocol.POSTGRESQL:
        return ("-c", "fsync=off", "-c", "full_page_writes=off")
    if service.protocol is Protocol.REDIS:
        return ("--save", "", "--appendonly", "no", "--databases", _DATABASES)
    return ()


def login_settings(service: Service) -> str:
    """Return the settings with the login, a line each, of a server that has neither variables nor files for it."""
    login = service.credentials
    if service.protocol is not Protocol.REDIS:
        return ""
    password = [f"requirepass {_quoted(login.password)}"] if login.password else []
    user = [f"user {_quoted(login.user)} on {_quoted('>' + login.password)} ~* &* +@all"] if login.user else []
    return "\n".join(password + user)


def _quoted(word: str) -> str:
    """Return ``word`` as Redis reads it in its settings: in quotes, all but letters and digits by their numbers."""
    return '"' + "".join(chr(byte) if chr(byte) in _PLAIN else f"\\x{byte:02x}" for byte in word.encode()) + '"'
