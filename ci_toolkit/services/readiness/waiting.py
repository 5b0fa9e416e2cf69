"""Waits for a server's first answer in its own protocol, and watches for its early end."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from ci_toolkit.errors import InfrastructureError
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Service
from ci_toolkit.services.errors import (
    DiskFullError,
    NotReadyError,
    PortTakenError,
    ServiceDiedError,
    WrongCredentialsError,
)
from ci_toolkit.services.readiness.probe import ProbeResult, ProbeStatus
from ci_toolkit.services.readiness.signs import Question, by_protocol

_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.05
_PART: Final = 0.03
"""A pause is this part of the time that has passed, so that asking delays no answer by more than that."""


def wait_until_ready(  # noqa: PLR0913 (each tells one thing of the server, and has its default)
    endpoint: Endpoint,
    service: Service,
    *,
    requested_at: float,
    who_listens: Callable[[int], str],
    is_alive: Callable[[], bool] = lambda: True,
    tail: Callable[[], str] = lambda: "",
    may_be_silent: float | None = None,
    question: Question | None = None,
) -> Endpoint:
    """Return ``endpoint`` with the server's version once it answers.

    Raises ServiceDiedError if it ends before, NotReadyError if it takes longer than the service may,
    WrongCredentialsError and PortTakenError as soon as it says so. ``is_alive`` and ``tail`` tell of the
    process behind it, ``who_listens`` names whoever has a port. A server that accepts connections and says nothing
    for ``may_be_silent`` seconds is given up. ``question`` is asked in place of one in the server's own protocol.
    """
    ask = question or by_protocol(endpoint, service)
    began = heard_at = time.monotonic()
    limit = began + service.ready_seconds
    while True:
        left = limit - time.monotonic()
        result = ask(max(left, _FIRST_PAUSE))
        if result.status is ProbeStatus.READY:
            ready_ms = round((time.monotonic() - requested_at) * 1000)
            return msgspec.structs.replace(endpoint, version=result.version, ready_ms=ready_ms)
        if not is_alive():
            raise died(service.name, tail(), when="before it answered")
        if result.status in {ProbeStatus.DENIED, ProbeStatus.STRANGER} or left <= 0:
            raise _refusal(endpoint, service, result, tail(), who_listens)
        if result.status is not ProbeStatus.SILENT:
            heard_at = time.monotonic()
        elif may_be_silent is not None and time.monotonic() - heard_at >= may_be_silent:
            raise _silence(endpoint, service, may_be_silent, who_listens)
        passed = time.monotonic() - began
        time.sleep(min(max(passed * _PART, _FIRST_PAUSE), _LONGEST_PAUSE))  # between two questions


def _refusal(
    endpoint: Endpoint, service: Service, result: ProbeResult, tail: str, who_listens: Callable[[int], str]
) -> InfrastructureError:
    """Return the error for the last answer of a server that will not be ready."""
    if result.status is ProbeStatus.DENIED:
        return WrongCredentialsError(
            f"{service.name} on {endpoint.address} refuses user '{endpoint.credentials.user}': {result.reason}",
            advice=f"Set user, password and database under [tool.ci-toolkit.services.{service.name}], "
            "or stop that server, or run with --dynamic-ports.",
        )
    if result.status is ProbeStatus.STRANGER:
        return PortTakenError(
            f"port {endpoint.port} is taken by {who_listens(endpoint.port)}, "
            f"which is not {service.plugin or service.protocol}: {result.reason}",
            advice="Stop it, or run with --dynamic-ports: every fixture and variable then follows.",
        )
    is_heard = endpoint.port and result.status is not ProbeStatus.CLOSED
    return NotReadyError(
        f"{service.name}{f' on {endpoint.address}' if endpoint.port else ''} was not ready within "
        f"{service.ready_seconds:g} s: {result.reason}"
        + (f" ({who_listens(endpoint.port)})" if is_heard else "")
        + _quoted(tail),
        advice=f"Read its log, or raise ready-seconds under [tool.ci-toolkit.services.{service.name}].",
    )


def _silence(
    endpoint: Endpoint, service: Service, seconds: float, who_listens: Callable[[int], str]
) -> InfrastructureError:
    return NotReadyError(
        f"port {endpoint.port} is taken by {who_listens(endpoint.port)}, which accepts connections and "
        f"has said nothing for {seconds:g} s: it is not {service.protocol}, or it hangs",
        advice="Stop it, or run with --dynamic-ports: every fixture and variable then follows.",
    )


def died(name: str, tail: str, *, when: str) -> InfrastructureError:
    """Return the error for a server that ended by itself."""
    if "No space left on device" in tail:
        return DiskFullError(
            f"{name} ran out of disk space {when}" + _quoted(tail),
            advice="Free some space, or set CI_TOOLKIT_SERVICES_DATA to a folder on another disk.",
        )
    return ServiceDiedError(f"{name} ended by itself {when}" + _quoted(tail), advice="The log above says why.")


def _quoted(tail: str) -> str:
    return "; the end of its log:\n" + "\n".join(f"    {line}" for line in tail.splitlines()) if tail else ""
