"""What depends on what: which services one needs, in which order they start, and circles, for which there is none."""

from collections.abc import Collection, Iterable
from graphlib import CycleError, TopologicalSorter

from msgspec.structs import replace

from ci_toolkit.config.project import nearest
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Protocol, Service, Table


def needed(table: Table, names: Iterable[str], *, besides: Collection[str] = ()) -> tuple[Service, ...]:
    """Return the services ``names`` and all that they depend on or know, each after what it depends on.

    What runs already (``besides``) is left out, with what only that needs. Raises ConfigurationError for unknown names.
    """
    found: dict[str, Service] = {}
    waiting = [name for name in names if name not in besides]
    while waiting:
        service = table.service(waiting.pop())
        if service.name not in found:
            found[service.name] = service
            waiting += [name for name in (*(service.depends_on or ()), *service.knows) if name not in besides]
    rows = [row for row in table.services if row.name in found]
    return tuple(found[name] for name in start_order(rows).static_order())


def with_dependents_of_own(table: Table) -> Table:
    """Return ``table``, in which what depends on services that each worker has for itself is said to be one of them."""
    rows = tuple(
        replace(row, depends_on_own=not row.is_own and any(other.is_own for other in needed(table, [row.name])))
        for row in table.services
    )
    return replace(table, services=rows)


def usual_stores(table: Table) -> tuple[Service, ...]:
    """Return what a team's own service depends on that says nothing: PostgreSQL and Redis, where the table has them."""
    firsts = (table.first(protocol) for protocol in (Protocol.POSTGRESQL, Protocol.REDIS))
    return tuple(row for row in firsts if row is not None)


def stores_of(table: Table, name: str) -> tuple[Service, ...] | None:
    """Return the data stores that the service ``name`` needs; None where it needs more than these and jobs."""
    rows = needed(table, [name])
    if any(not row.protocol.is_data_store and row.protocol is not Protocol.JOB for row in rows):
        return None
    usual = usual_stores(table) if any(row.depends_on is None and row.is_own for row in rows) else ()
    names = {row.name for row in (*rows, *usual)}
    return tuple(row for row in table.services if row.protocol.is_data_store and row.name in names)


def is_undone_with_a_test(table: Table, name: str) -> bool:
    """Whether ``name`` is a job that needs a service of the team's own, and so runs when a test asks for it."""
    return table.service(name).protocol is Protocol.JOB and not stores_of(table, name)


def start_order(services: Collection[Service]) -> "TopologicalSorter[str]":
    """Return who starts when among ``services``, by their names, in the order of the table where nothing decides."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for service in services:
        sorter.add(service.name, *(other.name for other in services if depends(service, other)))
    return sorter


def depends(service: Service, other: Service | Endpoint) -> bool:
    """Whether ``service`` starts after ``other``.

    One that says nothing of what it depends on depends on every data store that runs.
    """
    if service.depends_on is None:
        return other.protocol.is_data_store and not service.protocol.is_data_store
    return other.name in service.depends_on


def knows(service: Service, other: Service | Endpoint) -> bool:
    """Whether ``service`` has the address of ``other``."""
    return depends(service, other) or other.name in service.knows


def refuse_circles(table: Table) -> None:
    """Raise ConfigurationError for a service that depends on one that is not there, or on itself."""
    known = [row.name for row in table.services]
    for row in table.services:
        for name in (*(row.depends_on or ()), *row.knows):
            if name not in known:
                how = "knows" if name in row.knows else "depends on"
                raise ConfigurationError(
                    f"{table.origin}: '{row.name}' {how} '{name}', and there is no such service",
                    advice=nearest(name, known, "services"),
                )
    try:
        start_order(table.services).prepare()
    except CycleError as error:
        # Each comes before the next, which depends on it.
        circle = " -> ".join(f"'{name}'" for name in reversed(error.args[1]))
        raise ConfigurationError(
            f"{table.origin}: these services depend on each other in a circle: {circle}",
            advice="Take one of them out of the other's depends-on; one that only needs an address has it by `knows`.",
        ) from error
