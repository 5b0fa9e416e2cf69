"""Resets the servers of a worker whose protocols plug-ins speak."""

from collections.abc import Callable, Iterable
from functools import partial

from ci_toolkit.services.catalog import plugins
from ci_toolkit.services.catalog.endpoint import Endpoint


def plugin_resets(endpoints: Iterable[Endpoint], restart: Callable[[str], None]) -> list[Callable[[], None]]:
    """Return what resets each server that a plug-in knows: the plug-in itself, or a restart where it cannot."""
    return [partial(_reset, endpoint, restart) for endpoint in endpoints if endpoint.plugin]


def _reset(endpoint: Endpoint, restart: Callable[[str], None]) -> None:
    if plugins.can_reset(endpoint.plugin):
        plugins.reset(endpoint)
    else:
        restart(endpoint.name)
