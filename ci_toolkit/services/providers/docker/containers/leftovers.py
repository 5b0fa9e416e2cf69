"""What sessions have left in an engine, found by its label and by nothing else."""

import time
from typing import Any, Final

from ci_toolkit.services.providers.docker.containers import leased_container, network
from ci_toolkit.services.providers.docker.containers.engine import SESSION_LABEL, Engine

_LOOKS: Final = 2
_PAUSE: Final = 0.15
"""Between two looks: a container that was asked for by a process that was killed may still be in the making."""


def sessions(engine: Engine) -> frozenset[str]:
    """Return the sessions whose label a container or network carries."""
    found = [*_containers(engine, SESSION_LABEL), *_networks(engine, SESSION_LABEL)]
    return frozenset(thing["Labels"][SESSION_LABEL] for thing in found)


def remove(engine: Engine, session: str) -> None:
    """Remove every container and network that carries the label of ``session``."""
    for look in range(_LOOKS):
        if look:
            time.sleep(_PAUSE)
        _remove_once(engine, session)


def _remove_once(engine: Engine, session: str) -> None:
    label = f"{SESSION_LABEL}={session}"
    for container in _containers(engine, label):
        with engine.asked_to("remove a container"):
            leased_container.remove(engine, container["Id"])
    for one in _networks(engine, label):
        with engine.asked_to("remove a network"):
            network.remove(engine, one["Id"])


def _containers(engine: Engine, label: str) -> list[dict[str, Any]]:
    with engine.asked_to("list containers"):
        found: list[dict[str, Any]] = engine.api.containers(all=True, filters={"label": label})
    return found


def _networks(engine: Engine, label: str) -> list[dict[str, Any]]:
    with engine.asked_to("list networks"):
        found: list[dict[str, Any]] = engine.api.networks(filters={"label": [label]})
    return found
