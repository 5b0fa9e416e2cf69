"""The connection to a Docker engine, whose refusals and silences become errors that say what to do."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import docker
import requests
import urllib3
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.context import ContextAPI
from docker.context.config import get_current_context_name
from docker.errors import APIError, DockerException

from ci_toolkit.services.closing import Closing
from ci_toolkit.services.errors import EngineError

SESSION_LABEL: Final = "ci-toolkit.session"
"""On every container and network that is made for a session; its value is the session."""
SERVICE_LABEL: Final = "ci-toolkit.service"
"""On every container: the table's name of what runs in it."""
PORT_LABEL: Final = "ci-toolkit.port"
"""On every container: the port on which its server listens inside."""
SNAPSHOT_LABEL: Final = "ci-toolkit.snapshot"
"""On every image that holds a migrated database."""

_QUICK_SECONDS: Final = 3
"""How long an engine may take to say that it is there."""


class Engine(Closing):
    """A Docker engine that has answered."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.api = client.api

    def close(self) -> None:
        """Hang up; what is attached to a container stays so."""
        self.api.close()

    def version(self) -> str:
        """Return the engine's version. Raises EngineError."""
        with self.asked_to("name its version"):
            return str(self.api.version()["Version"])

    @contextmanager
    def asked_to(self, action: str) -> Iterator[None]:
        """Turn what the SDK raises inside into an EngineError; ``action`` completes "the engine refused to"."""
        try:
            yield
        except APIError as error:
            raise EngineError(
                f"the Docker engine refused to {action}: {error.explanation or error}",
                advice="Run `docker info`, or read the engine's log.",
            ) from error
        except _SILENCES as error:
            raise _silent(error) from error


_SILENCES: Final = (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError)
"""APIError, a refusal, is among them and is caught first."""


def connect(*, seconds: float, patience: int = _QUICK_SECONDS) -> Engine:
    """Return the engine of ``DOCKER_HOST`` or of the context. Raises EngineError if none answers in time.

    ``patience`` is what its first answer may take, ``seconds`` what each later one may.
    """
    try:
        host = os.environ.get("DOCKER_HOST") or _host_of_context()
        _knock(host, patience)
        client = docker.from_env(timeout=patience, environment={**os.environ, "DOCKER_HOST": host})
        client.api.timeout = max(1, round(seconds))
    except _SILENCES as error:
        raise _silent(error) from error
    return Engine(client)


def _host_of_context() -> str:
    """Return where the context answers that `docker` itself would take. Raises EngineError for one that is unknown."""
    chosen = os.environ.get("DOCKER_CONTEXT")
    name = chosen or get_current_context_name()
    if name == "default":
        return DEFAULT_UNIX_SOCKET
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:
        raise _no_context(name, str(error), is_chosen=bool(chosen)) from error
    if not getattr(context, "Host", ""):
        raise _no_context(name, "there is none of this name", is_chosen=bool(chosen))
    return str(context.Host)


def _no_context(name: str, why: str, *, is_chosen: bool) -> EngineError:
    where = "DOCKER_CONTEXT" if is_chosen else "currentContext in Docker's config.json"
    return EngineError(
        f"{where} names the Docker context '{name}', which cannot be used: {why}",
        advice="`docker context ls` lists them. Unset DOCKER_CONTEXT, run `docker context use default`, "
        "or set DOCKER_HOST.",
    )


def _knock(host: str, patience: int) -> None:
    """Raise OSError where nobody listens on the engine's socket.

    The SDK never closes a socket that found nobody, and in a suite whose warnings are errors some later test fails
    for it.
    """
    scheme, _, path = host.removeprefix("http+").partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
            knock.settimeout(patience)
            knock.connect(path)


def _silent(error: Exception) -> EngineError:
    return EngineError(
        f"the Docker engine does not answer at {_address()}: {_innermost(error)}",
        advice="Start it (`sudo systemctl start docker`, or Docker Desktop), add this user to the group 'docker', "
        "set DOCKER_HOST, or use --provider native.",
    )


def _address() -> str:
    context = os.environ.get("DOCKER_CONTEXT")
    default = f"the context {context}" if context else DEFAULT_UNIX_SOCKET.replace("http+unix", "unix")
    return os.environ.get("DOCKER_HOST") or default


def _innermost(error: BaseException) -> str:
    """Return the system's own words, which the SDK wraps several times."""
    while error.args and isinstance(error.args[-1], BaseException):
        error = error.args[-1]
    cause = error.__cause__ or error.__context__
    return _innermost(cause) if cause is not None and isinstance(error, DockerException) else str(error)
