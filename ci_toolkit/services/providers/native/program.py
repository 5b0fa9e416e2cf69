"""A team's own service or job, started by the command in the table."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from msgspec.structs import replace

from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.placeholders import filled, filled_all, with_public
from ci_toolkit.services.errors import JobFailedError, ServiceDiedError
from ci_toolkit.services.processes.child import Child
from ci_toolkit.services.providers.native.server import Server, native_endpoint
from ci_toolkit.services.providers.provider import LABEL, ServiceRequest
from ci_toolkit.services.readiness.signs import own_sign

_GRACE_SECONDS = 3.0


def start(request: ServiceRequest) -> Server:
    """Start the command in the project's root, with the port and the other services in its environment."""
    environment = _environment(request)
    question = own_sign(request.service, request.log, root=request.root, known=_known(request), environment=environment)
    child = _child(request, environment)
    return Server(child, stops_by=signal.SIGTERM, grace=_GRACE_SECONDS).until_ready(request, question=question)


def run(request: ServiceRequest) -> "Done":
    """Run the command to its end. Raises JobFailedError with the end of its output."""
    name, seconds = request.service.name, request.service.ready_seconds
    child = _child(request, _environment(request))
    try:
        status = child.wait(seconds)
    except subprocess.TimeoutExpired as error:
        child.stop(signal.SIGTERM, grace=_GRACE_SECONDS)
        raise _failed(name, f"did not end within {seconds:g} s", child.tail()) from error
    except BaseException:
        child.stop(signal.SIGTERM, grace=_GRACE_SECONDS)
        raise
    if status != 0:
        raise _failed(name, "failed", child.tail())
    ready_ms = round((time.monotonic() - request.requested_at) * 1000)
    return Done(replace(native_endpoint(request), ready_ms=ready_ms), child)


class Done:
    """A job that has ended well."""

    def __init__(self, endpoint: Endpoint, child: Child) -> None:
        self.endpoint = endpoint
        self._child = child

    def is_alive(self) -> bool:
        """Say yes: it has ended as it should."""
        return True

    def tail(self) -> str:
        """Return the end of its log."""
        return self._child.tail()

    def stop(self) -> None:
        """Leave what it did."""

    def pause(self) -> None:
        """Leave what it did."""

    def kill(self) -> None:
        """Leave what it did."""

    def resume(self, request: ServiceRequest) -> bool:  # noqa: ARG002 (as providers promise)
        """Say no: it is to run once more."""
        return False


def _failed(name: str, how: str, tail: str) -> JobFailedError:
    quoted = "\n".join(f"    {line}" for line in tail.splitlines())
    return JobFailedError(
        f"the job {name} {how}; the end of its output:\n{quoted}",
        advice=f"Correct it, or raise ready-seconds under [tool.ci-toolkit.services.{name}].",
    )


def _environment(request: ServiceRequest) -> dict[str, str]:
    known = _known(request)
    inherited = {name: value for name, value in os.environ.items() if name not in request.hidden}
    # Unbuffered, for a line that nobody can read yet is none that says that it is ready.
    usual = {"PYTHONUNBUFFERED": "1", **inherited, **known}
    filled_in = filled_all(request.service.variables, with_public(known, request.variables))
    return {**usual, **filled_in, LABEL: request.session}


def _known(request: ServiceRequest) -> dict[str, str]:
    return request.variables | ({"PORT": str(request.port)} if request.port else {})


def _child(request: ServiceRequest, environment: dict[str, str]) -> Child:
    service = request.service
    known = with_public(_known(request), request.variables)
    command = [filled(word, known) for word in service.command]
    if shutil.which(Path(request.root) / command[0]) is None and shutil.which(command[0]) is None:
        raise ServiceDiedError(
            f"the command of {service.name} cannot be started: no program {command[0]}",
            advice=f"Correct `command` under [tool.ci-toolkit.services.{service.name}]; it runs in {request.root}.",
        )
    return Child(
        command,
        log=request.log,
        cwd=Path(request.root),
        environment=environment,
        dies_by=signal.SIGTERM,
        secrets=request.secrets,
    )
