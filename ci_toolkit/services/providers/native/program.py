"""A team's own HTTP or WebSocket service, started by the command in the table."""

import os
import shutil
import signal
from pathlib import Path

from ci_toolkit.services.catalog.placeholders import filled, filled_all
from ci_toolkit.services.errors import ServiceDiedError
from ci_toolkit.services.processes.child import Child
from ci_toolkit.services.providers.native.server import Server
from ci_toolkit.services.providers.provider import LABEL, ServiceRequest

_GRACE_SECONDS = 3.0


def start(request: ServiceRequest) -> Server:
    """Start the command in the project's root, with the port and the other services in its environment."""
    service = request.service
    known = request.variables | {"PORT": str(request.port)}
    command = [filled(word, known) for word in service.command]
    inherited = {name: value for name, value in os.environ.items() if name not in request.hidden}
    environment = {**inherited, **known, **filled_all(service.variables, known), LABEL: request.session}
    if shutil.which(Path(request.root) / command[0]) is None and shutil.which(command[0]) is None:
        raise ServiceDiedError(
            f"the command of {service.name} cannot be started: no program {command[0]}",
            advice=f"Correct `command` under [tool.ci-toolkit.services.{service.name}]; it runs in {request.root}.",
        )
    child = Child(
        command,
        log=request.log,
        cwd=Path(request.root),
        environment=environment,
        dies_by=signal.SIGTERM,
        secrets=request.secrets,
    )
    return Server(child, stops_by=signal.SIGTERM, grace=_GRACE_SECONDS).until_ready(request)
