"""Which providers are tried, in which order."""

import importlib
from collections.abc import Iterator
from typing import Final, cast

from ci_toolkit.services.endpoint import Provider
from ci_toolkit.services.errors import NoProviderError
from ci_toolkit.services.providers.provider import Order, ServiceProvider

_MODULES: Final = {
    Provider.EXTERNAL: "ci_toolkit.services.providers.external",
    Provider.NATIVE: "ci_toolkit.services.providers.native",
    Provider.DOCKER: "ci_toolkit.services.providers.docker",
}
"""In the order in which they are tried. Each module holds its provider as ``PROVIDER``; it is imported when needed."""


def load(provider: Provider) -> ServiceProvider:
    """Return the provider called ``provider``."""
    return cast("ServiceProvider", importlib.import_module(_MODULES[provider]).PROVIDER)


def all_providers() -> Iterator[ServiceProvider]:
    """Yield every provider in the order in which they are tried."""
    yield from map(load, _MODULES)


def choose(order: Order, forced: Provider | None, *, may_be_external: bool) -> ServiceProvider:
    """Return the first provider that can give ``order``. Raises NoProviderError saying what each would need."""
    reasons = []
    for name in _MODULES if forced is None else (forced,):
        if name is Provider.EXTERNAL and not may_be_external:
            continue
        provider = load(name)
        reason = provider.missing(order)
        if not reason:
            return provider
        reasons.append(f"{name}: {reason}")
    raise NoProviderError(
        f"no provider for {order.service.name}\n  " + "\n  ".join(reasons),
        advice=f"Meet one of these, ask for the services you need by name, or drop this one from the table: "
        f"[tool.ci-toolkit.services] {order.service.name} = false.",
    )
