"""A team's own services, as one worker of a run has them: started on its databases, for no other worker."""

import os
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ci_toolkit.isolation.identity import WorkerIdentity
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import Service, ServiceEnvironment
from ci_toolkit.services.errors import PortTakenError
from ci_toolkit.services.ports.leases import leased_by
from ci_toolkit.services.stack import StackRequest
from ci_toolkit.services.started import Stack
from ci_toolkit.services.storage.folders import registry

Acquire = Callable[[StackRequest, int], Stack]
"""Starts what a request wants, for an owner."""


class OwnServices:
    """Starts services of one worker; what starts together is one session."""

    def __init__(self, identity: WorkerIdentity, environment: ServiceEnvironment, acquire: Acquire) -> None:
        self._identity = identity
        self._environment = environment
        self._acquire = acquire

    def start(self, rows: Sequence[Service], given: Sequence[Endpoint]) -> Stack:
        """Start ``rows``, which may know where ``given`` are. Raises an InfrastructureError."""
        request = StackRequest(
            services=tuple(row.name for row in rows),
            given=tuple(given),
            worker=f"{self._identity.run} {self._identity.worker}",
            environment=self._environment,
            provider=_provider(rows, self._identity.handover.provider),
            dynamic_ports=self._need_other_ports(rows),
        )
        try:
            return self._acquire(request, os.getpid())
        except PortTakenError:
            if request.dynamic_ports or not self._need_other_ports(rows):
                raise
            # A shard beside this one asked for it at the same moment.
            return self._acquire(replace(request, dynamic_ports=True), os.getpid())

    def _need_other_ports(self, rows: Sequence[Service]) -> bool:
        """Whether the table's ports are not enough: for several workers, or where `services up` runs one like these."""
        if self._identity.handover.dynamic_ports or not self._identity.is_only:
            return True
        return any(leased_by(registry(), row.port(self._environment)) is not None for row in rows)


def _provider(rows: Sequence[Service], asked_for: Provider | None) -> Provider | None:
    """Return who runs them all, None where each runs as its row says: in a container, only containers are reached."""
    addressed = [row for row in rows if row.protocol.has_port]  # what nobody talks to needs no container
    can_be_docker = bool(addressed) and all(row.image for row in addressed)
    return asked_for if asked_for is Provider.NATIVE or (asked_for is Provider.DOCKER and can_be_docker) else None
