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
_POSTGRESQL: Final = ("postgres", "-c", "fsync=off", "-c", "full_page_writes=off")


def variables(service: Service) -> dict[str, str]:
    """Return what the image reads at its first start, and what the table adds."""
    prefix = _PREFIX.get(service.protocol)
    if prefix is None:
        return dict(service.variables)
    login = service.credentials
    named = {f"{prefix}_USER": login.user, f"{prefix}_PASSWORD": login.password, f"{prefix}_DB": login.database}
    return named | service.variables


def throw_away_command(service: Service) -> tuple[str, ...]:
    """Return the arguments of a server whose data nobody needs after a crash; empty for the image's own."""
    return _POSTGRESQL if service.protocol is Protocol.POSTGRESQL else ()
