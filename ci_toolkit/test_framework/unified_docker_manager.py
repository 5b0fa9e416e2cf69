"""The guide's manager of environments of real services, by name; it raises every error."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from ci_toolkit.config.project import nearest, project_root
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import ServiceEnvironment
from ci_toolkit.services.errors import NoProviderError
from ci_toolkit.services.handover import read_handover
from ci_toolkit.services.stack import StackRequest, acquire
from ci_toolkit.services.started import Stack
from ci_toolkit.test_framework.settings import read_framework_settings


class EnvironmentInfo(Record, frozen=True, kw_only=True):
    """An environment whose services answer. Its ``repr`` holds no password, its ``urls`` do."""

    name: str
    environment: ServiceEnvironment
    endpoints: tuple[Endpoint, ...]
    health: dict[str, str]
    """What each service said when it was asked last in its own protocol: ``ready``, or why not."""

    @property
    def ports(self) -> dict[str, int]:
        """The port of each service that has one, on 127.0.0.1."""
        return {endpoint.name: endpoint.port for endpoint in self.endpoints if endpoint.port}

    @property
    def urls(self) -> dict[str, str]:
        """The URL of each service, with its password."""
        return {endpoint.name: endpoint.url() for endpoint in self.endpoints if endpoint.port}

    @property
    def providers(self) -> dict[str, str]:
        """Who runs each service: external, native or docker."""
        return {endpoint.name: str(endpoint.provider) for endpoint in self.endpoints}

    @property
    def versions(self) -> dict[str, str]:
        """What version each server says it is."""
        return {endpoint.name: endpoint.version for endpoint in self.endpoints}

    @property
    def is_healthy(self) -> bool:
        """Whether every service was ready when it was asked last."""
        return all(said == _READY for said in self.health.values())


_READY = "ready"
_NO_DOCKER = (
    "Install and start Docker (https://docs.docker.com/engine/install), or set DOCKER_HOST to an engine elsewhere, or "
    'allow servers of this machine: docker-manager = "native" under [tool.ci-toolkit.framework], or '
    'UnifiedDockerManager(provider="native").'
)


class UnifiedDockerManager:
    """Acquires and releases environments of real services.

    ``services`` names the wanted ones; without it, the data stores and what has an image. What runs already is used,
    whoever runs it; what does not is started in Docker. ``provider`` is the only one that may be used; without it,
    that of the run around this process counts, and the setting ``docker-manager`` allows servers of this machine.
    What a manager started ends with its process at the latest, whatever kills it.
    """

    def __init__(
        self,
        *,
        services: Sequence[str] = (),
        provider: Provider | str | None = None,
        dynamic_ports: bool = False,
        root: Path | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._root = project_root(root or Path.cwd())
        self._services = tuple(services)
        self._provider = _provider(provider)
        self._dynamic_ports = dynamic_ports
        self._tell = tell or _say
        self._held: dict[str, tuple[ServiceEnvironment, Stack]] = {}

    def acquire_environment(
        self, name: str = "test", *, use_alpine: bool = True, force_recreate: bool = False
    ) -> EnvironmentInfo:
        """Return the environment ``name`` once every service has answered; again, the same one.

        ``use_alpine`` takes the small images and their ports for ``test``. Raises an InfrastructureError that says what
        is missing, and then nothing of the environment runs.
        """
        if name not in self._held or force_recreate:
            self._held[name] = self._started(name, use_alpine=use_alpine, force_recreate=force_recreate)
        return self.environment_info(name)

    def environment_info(self, name: str = "test") -> EnvironmentInfo:
        """Return the acquired environment ``name``, each of its services asked anew whether it is ready."""
        environment, stack = self._acquired(name)
        return EnvironmentInfo(name=name, environment=environment, endpoints=stack.endpoints, health=stack.health())

    def release_environment(self, name: str = "test") -> None:
        """End what this manager started for ``name``; what ran before stays. Raises an error if it cannot be ended."""
        _, stack = self._acquired(name)
        del self._held[name]
        stack.stop()

    def _started(self, name: str, *, use_alpine: bool, force_recreate: bool) -> tuple[ServiceEnvironment, Stack]:
        environment = _environment(name, use_alpine=use_alpine)
        if name in self._held:
            self.release_environment(name)
        table = read_table(self._root)
        request = StackRequest(
            services=self._services or table.startable(),
            environment=environment,
            provider=self._provider or _usual_provider(self._root),
            uses_what_runs=self._provider is None,
            dynamic_ports=self._dynamic_ports,
            force_recreate=force_recreate,
        )
        try:
            return environment, acquire(request, table, self._root, owner_pid=os.getpid(), report=self._tell)
        except NoProviderError as error:
            if self._provider is not None or request.provider is not Provider.DOCKER:
                raise
            raise NoProviderError(
                f"UnifiedDockerManager starts services in Docker: {error.message}", advice=_NO_DOCKER
            ) from error

    def _acquired(self, name: str) -> tuple[ServiceEnvironment, Stack]:
        if name not in self._held:
            held = ", ".join(sorted(self._held)) or "none"
            raise ConfigurationError(
                f"the environment '{name}' is not acquired; acquired: {held}",
                advice=f'Call acquire_environment("{name}") first.',
            )
        return self._held[name]


def _environment(name: str, *, use_alpine: bool) -> ServiceEnvironment:
    if name not in set(ServiceEnvironment):
        raise ConfigurationError(
            f"there is no environment '{name}'", advice=nearest(name, list(ServiceEnvironment), "names")
        )
    environment = ServiceEnvironment(name)
    return ServiceEnvironment.TEST_ALPINE if use_alpine and environment is ServiceEnvironment.TEST else environment


def _provider(word: Provider | str | None) -> Provider | None:
    if word is not None and word not in set(Provider):
        raise ConfigurationError(f"there is no provider '{word}'", advice=nearest(word, list(Provider), "providers"))
    return Provider(word) if word else None


def _usual_provider(root: Path) -> Provider | None:
    """Return who is to start services where nobody said: as the run around this process, else as the setting says."""
    setting = read_framework_settings(root)[0].docker_manager
    return read_handover().provider or (None if setting == "any" else Provider(setting))


def _say(text: str) -> None:
    click.echo(text, err=True)
