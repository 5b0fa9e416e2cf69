"""Says, without starting anything, who would run a service of the table here, or what that needs."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from ci_toolkit.errors import InfrastructureError
from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import Provider, planned
from ci_toolkit.services.catalog.table import Service, ServiceEnvironment
from ci_toolkit.services.errors import EngineError, MissingClientError
from ci_toolkit.services.processes.binaries import find_server
from ci_toolkit.services.processes.program_search import program_search_path
from ci_toolkit.services.providers.chain import choose, only_provider
from ci_toolkit.services.providers.docker.provider import DockerProvider
from ci_toolkit.services.providers.listening import who_listens
from ci_toolkit.services.providers.provider import ServiceRequest
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.services.storage.folders import cache, data_home, registry

_ANSWER_SECONDS: Final = 1.0
_VERSION_SECONDS: Final = 5.0
_NEVER_BEGAN: Final = {126, 127}
"""With these a shell, or the loader of shared libraries, says that it could not start a program."""
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)+")


class Outlook(Record, frozen=True, kw_only=True):
    """What would become of a service that a run asks for."""

    name: str
    provider: Provider | None
    """Who would run it; None where nobody can."""
    told: str
    """Where it is, or what stands in the way; holds no password of the table."""
    advice: str = ""


def outlook_of(
    service: Service, environment: ServiceEnvironment, asked_for: Provider | None, root: Path, *, dynamic_ports: bool
) -> Outlook:
    """Ask each provider in turn for ``service``, as a start would; ``asked_for`` is what the run is told to use."""
    request = ServiceRequest(
        service=service,
        environment=environment,
        port=service.port(environment),
        session="",
        root=str(root),
        place="",
        cache="",
        is_fresh=False,
        variables={},
        requested_at=time.monotonic(),
    )
    forced = only_provider(service, asked_for, is_one_workers=service.is_own)
    try:
        provider = choose(request, forced, may_be_external=not dynamic_ports).provider
        told = _TOLD[provider](request)
    except InfrastructureError as error:
        return Outlook(name=service.name, provider=None, told=error.message, advice=error.advice)
    return Outlook(name=service.name, provider=provider, told=f"{provider}: {told}")


def _external(request: ServiceRequest) -> str:
    endpoint = planned(request.service, request.environment)
    answer = ask(endpoint, path=request.service.path, timeout=_ANSWER_SECONDS)
    if answer.status in {ProbeStatus.READY, ProbeStatus.STARTING}:
        how = "is starting" if answer.status is ProbeStatus.STARTING else answer.version
        return f"{endpoint.address} answers{f' ({how})' if how else ''}"
    raise InfrastructureError(
        f"port {endpoint.port} is held by {who_listens(endpoint.port)}: {answer.reason}",
        advice=f"End it, give {request.service.name} its credentials or another port in the table, or use "
        "--dynamic-ports.",
    )


def _native(request: ServiceRequest) -> str:
    service = request.service
    if service.protocol.is_data_store:
        program = find_server(service.protocol)
        assert program is not None  # the provider has just found it
        return f"{program} {_version(program)}".rstrip()
    word = service.command[0]
    found = shutil.which(Path(request.root) / word) or shutil.which(word, path=program_search_path(os.environ))
    if found is None:
        raise InfrastructureError(
            f"the command of {service.name} cannot be started: no program {word}",
            advice=f"Install it, or correct `command` under [tool.ci-toolkit.services.{service.name}].",
        )
    return found


def _docker(request: ServiceRequest) -> str:
    image = request.service.image_for(request.environment)
    return image if DockerProvider().has_image(image) else f"{image}, which the first start pulls"


_TOLD: Final = {Provider.EXTERNAL: _external, Provider.NATIVE: _native, Provider.DOCKER: _docker}


def _version(program: Path) -> str:
    """Return the version that ``program`` says, if it says one. Raises InfrastructureError where it does not run."""
    try:
        done = subprocess.run(
            [program, "--version"],
            capture_output=True,
            timeout=_VERSION_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = error.strerror if isinstance(error, OSError) else f"no answer within {_VERSION_SECONDS:g} s"
        raise _does_not_run(program, why or str(error)) from error
    if done.returncode < 0 or done.returncode in _NEVER_BEGAN:
        raise _does_not_run(program, f"it ends with status {done.returncode}")
    found = _NUMBER.search(done.stdout.decode("utf-8", "replace"))
    return found[0] if found else ""


def _does_not_run(program: Path, why: str) -> InfrastructureError:
    return InfrastructureError(
        f"{program} does not run: {why}", advice="Install the server again, or take it off the PATH."
    )


def engine_told() -> tuple[str, str]:
    """Return the version of the Docker engine, and why there is none that can be used."""
    try:
        return DockerProvider().engine_version(), ""
    except (EngineError, MissingClientError) as error:
        return "", str(error)


def folders_of_sessions() -> tuple[Path, ...]:
    """Return the folders that sessions share, made where they are not there yet. Raises an InfrastructureError."""
    return registry(), data_home(), cache()
