"""The network of a session's containers, in which each has the name of its service."""

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from docker.errors import APIError, NotFound

from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import LOOPBACK
from ci_toolkit.services.providers.docker.containers.engine import PORT_LABEL, SERVICE_LABEL, SESSION_LABEL, Engine

ADVICE: Final = """\
ci-toolkit: this container does not reach {names}: what is no container itself listens on this machine's loopback.
  Give it an `image` and run with `--provider docker`, or give this one a `command`.
"""
"""Begins the log of a container that misses a service it depends on."""
_making: Final = threading.Lock()


class Neighbour(Record, frozen=True, kw_only=True):
    """Another container."""

    identity: str
    session: str
    service: str
    port: int
    """Inside."""
    outer_port: int
    networks: tuple[str, ...]


def join(engine: Engine, session: str, variables: Mapping[str, str]) -> tuple[str, tuple[Neighbour, ...]]:
    """Return the session's network, made where there is none, and the containers that joined it.

    These are the session's, and those of other sessions that ``variables`` lead to, such as the stores of a run whose
    workers have services of their own.
    """
    name = f"ci-toolkit-{session}"
    ports = {value for key, value in variables.items() if key.endswith("_PORT")}
    found = tuple(one for one in neighbours(engine) if one.session == session or str(one.outer_port) in ports)
    with _making, engine.asked_to("make a network"):
        if not engine.api.networks(names=[name]):
            engine.api.create_network(name, driver="bridge", labels={SESSION_LABEL: session})
        for one in found:
            if name not in one.networks:
                engine.api.connect_container_to_network(one.identity, name, aliases=[one.service])
    return name, found


def leave(engine: Engine, session: str) -> None:
    """Remove the session's network if none of its containers uses it any more."""
    with engine.asked_to("remove a network"):
        for network in engine.api.networks(filters={"label": [f"{SESSION_LABEL}={session}"]}):
            users = {one.identity: one.session for one in neighbours(engine)}
            joined = engine.api.inspect_network(network["Id"])["Containers"]
            if session not in {users.get(identity) for identity in joined}:
                remove(engine, network["Id"])


def remove(engine: Engine, identity: str) -> None:
    """Take the containers of other sessions out of a network, and remove it unless somebody has just joined it."""
    try:
        for container in engine.api.inspect_network(identity)["Containers"]:
            with suppress(NotFound):
                engine.api.disconnect_container_from_network(container, identity, force=True)
        engine.api.remove_network(identity)
    except NotFound:
        return
    except APIError as error:
        if "active endpoints" not in str(error):
            raise


def neighbours(engine: Engine) -> tuple[Neighbour, ...]:
    """Return the running containers of every session."""
    with engine.asked_to("list containers"):
        found: list[dict[str, Any]] = engine.api.containers(filters={"label": SESSION_LABEL})
    return tuple(
        Neighbour(
            identity=container["Id"],
            session=container["Labels"][SESSION_LABEL],
            service=container["Labels"][SERVICE_LABEL],
            port=int(container["Labels"][PORT_LABEL]),
            outer_port=next((port["PublicPort"] for port in container["Ports"] if "PublicPort" in port), 0),
            networks=tuple(container["NetworkSettings"]["Networks"]),
        )
        for container in found
    )


def seen_from_inside(variables: Mapping[str, str], found: tuple[Neighbour, ...]) -> dict[str, str]:
    """Return ``variables``, which say where services answer on this machine, as a container has to use them."""
    by_port = {str(one.outer_port): one for one in found}
    inside = {}
    for name, value in variables.items():
        stem, _, word = name.rpartition("_")
        one = by_port.get(variables.get(f"{stem}_PORT", ""))
        if word == "PORT" and one is not None:
            inside[name] = str(one.port)
        elif word == "HOST" and one is not None:
            inside[name] = one.service
        else:
            inside[name] = _readdressed(value, found)
    return inside


def out_of_reach(variables: Mapping[str, str], found: tuple[Neighbour, ...], *, soon: Iterable[str]) -> tuple[str, ...]:
    """Return which services of ``variables`` a container does not reach: they listen on this machine's loopback alone.

    Those of ``soon`` may still get a container.
    """
    inside = {str(one.outer_port) for one in found}
    names = (name.removesuffix("_URL") for name in sorted(variables) if name.endswith("_URL"))
    return tuple(
        service
        for name in names
        if (service := name.lower()) not in {one.lower().replace("-", "_") for one in soon}
        and variables.get(f"{name}_HOST") == LOOPBACK
        and variables.get(f"{name}_PORT") not in inside
    )


def _readdressed(url: str, found: tuple[Neighbour, ...]) -> str:
    for one in found:
        url = url.replace(f"{LOOPBACK}:{one.outer_port}/", f"{one.service}:{one.port}/")
        if url.endswith(f"{LOOPBACK}:{one.outer_port}"):
            url = url.removesuffix(f"{LOOPBACK}:{one.outer_port}") + f"{one.service}:{one.port}"
    return url
