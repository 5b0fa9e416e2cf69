"""What the images of the data stores expect: the variables, the arguments and the data folder of each."""

from typing import Final

from ci_toolkit.services.table import Protocol, Service

DATA_FOLDER: Final = {
    Protocol.POSTGRESQL: "/var/lib/postgresql/data",
    Protocol.REDIS: "/data",
    Protocol.CLICKHOUSE: "/var/lib/clickhouse",
}
"""What a dev environment keeps in a volume and a test environment in memory."""

_PREFIX: Final = {Protocol.POSTGRESQL: "POSTGRES", Protocol.CLICKHOUSE: "CLICKHOUSE"}
_PROGRAM: Final = {Protocol.POSTGRESQL: "postgres", Protocol.REDIS: "redis-server"}
_DATABASES: Final = "64"
"""Logical databases of Redis: one for each of many workers."""


def variables(service: Service) -> dict[str, str]:
    """Return what the image reads at its first start, and what the table adds."""
    prefix = _PREFIX.get(service.protocol)
    if prefix is None:
        return dict(service.variables)
    login = service.credentials
    named = {f"{prefix}_USER": login.user, f"{prefix}_PASSWORD": login.password, f"{prefix}_DB": login.database}
    return named | service.variables


def command(service: Service, *, is_kept: bool) -> tuple[str, ...]:
    """Return what the image has to run in place of its own command, empty where that will do.

    Data that are not kept need no care for a crash.
    """
    program = _PROGRAM.get(service.protocol)
    options = _login_options(service) if is_kept else throw_away_options(service)
    return (program, *options) if program and options else ()


def throw_away_options(service: Service) -> tuple[str, ...]:
    """Return the options that make a server write nothing for the sake of a crash, and those the table asks for."""
    if service.protocol is Protocol.POSTGRESQL:
        return ("-c", "fsync=off", "-c", "full_page_writes=off")
    if service.protocol is Protocol.REDIS:
        return ("--save", "", "--appendonly", "no", "--databases", _DATABASES, *_login_options(service))
    return ()


def _login_options(service: Service) -> tuple[str, ...]:
    """Return the options for the login where the image has no variables for it."""
    if service.protocol is not Protocol.REDIS:
        return ()
    login = service.credentials
    password = ("--requirepass", login.password) if login.password else ()
    return (
        (*password, "--user", login.user, "on", f">{login.password}", "~*", "&*", "+@all") if login.user else password
    )
