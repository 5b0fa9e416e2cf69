"""Which providers are tried, in which order."""

from collections.abc import Iterator
from typing import Final

from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.table import Service
from ci_toolkit.services.errors import NoProviderError
from ci_toolkit.services.providers.provider import ServiceProvider, ServiceRequest

_IN_TURN: Final = (Provider.EXTERNAL, Provider.NATIVE, Provider.DOCKER)


def load(provider: Provider) -> ServiceProvider:
    """Return the provider called ``provider``, imported when it is asked for."""
    match provider:
        case Provider.EXTERNAL:
            from ci_toolkit.services.providers.external import ExternalProvider

            return ExternalProvider()
        case Provider.NATIVE:
            from ci_toolkit.services.providers.native.provider import NativeProvider

            return NativeProvider()
        case Provider.DOCKER:
            from ci_toolkit.services.providers.docker.provider import DockerProvider

            return DockerProvider()


def all_providers() -> Iterator[ServiceProvider]:
    """Yield every provider in the order in which they are tried."""
    yield from map(load, _IN_TURN)


def only_provider(service: Service, asked_for: Provider | None, *, is_one_workers: bool) -> Provider | None:
    """Return the only provider that may run ``service``, None where each may; ``asked_for`` is what the run was told.

    What nobody talks to needs no container. What one worker has for itself is never whoever listens on its port, for
    that may be any program, and runs by its command where it has no image.
    """
    if not service.protocol.has_port and not service.image:
        return Provider.NATIVE
    if not is_one_workers or asked_for is Provider.NATIVE:
        return asked_for
    if asked_for is Provider.DOCKER and service.image:
        return Provider.DOCKER
    is_image_alone = bool(service.image and not service.command and not service.protocol.is_data_store)
    return Provider.DOCKER if is_image_alone else Provider.NATIVE


def choose(
    request: ServiceRequest, forced: Provider | None, *, may_be_external: bool, uses_what_runs: bool = False
) -> ServiceProvider:
    """Return the first provider that can give ``request``; ``forced`` is the only one, or the only one that starts it.

    Raises NoProviderError saying what each would need.
    """
    reasons = []
    beside = (Provider.EXTERNAL,) if uses_what_runs else ()
    for name in _IN_TURN if forced is None else (*beside, forced):
        if name is Provider.EXTERNAL and not may_be_external:
            continue
        provider = load(name)
        reason = provider.missing(request)
        if not reason:
            return provider
        reasons.append(f"{name}: {reason}")
    raise NoProviderError(
        f"no provider for {request.service.name}\n  " + "\n  ".join(reasons),
        advice=f"Provide one of these, name only the services that you need, or remove this one from the table: "
        f"[tool.ci-toolkit.services] {request.service.name} = false.",
    )
