"""Which container has a port of this machine."""

from typing import Any, Final

from ci_toolkit.services.catalog.endpoint import LOOPBACK
from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.ports.listeners import listener
from ci_toolkit.services.providers.docker.containers.engine import connect

_SECONDS: Final = 1
"""An engine that takes longer leaves an error without a name, and nobody waiting for it."""
_HERE: Final = frozenset({LOOPBACK, "0.0.0.0", "::", "::1", ""})  # noqa: S104 (addresses that are looked for)


def publisher_of(port: int) -> str:
    """Return name, image and id of the container that publishes ``port``; empty where none does or no engine says."""
    try:
        with connect(seconds=_SECONDS, patience=_SECONDS) as engine, engine.asked_to("list containers"):
            found: list[dict[str, Any]] = engine.api.containers(filters={"publish": str(port)})
    except EngineError:
        return ""
    for container in found:
        if any(one.get("PublicPort") == port and one.get("IP", "") in _HERE for one in container["Ports"]):
            name = container["Names"][0].removeprefix("/")
            return f"the container {name} (image {container['Image']}, id {container['Id'][:12]})"
    return ""


def who_listens(port: int) -> str:
    """Return who listens on ``port``: a container, or a process id and its command."""
    return listener(port, container_on=publisher_of)
