"""Redis as a child process that keeps nothing on disk."""

import signal
from typing import Final

from ci_toolkit.services.catalog.endpoint import LOOPBACK
from ci_toolkit.services.catalog.images import login_settings
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import server_program
from ci_toolkit.services.processes.child import Child, server_environment
from ci_toolkit.services.providers.native.server import Server
from ci_toolkit.services.providers.provider import LABEL, ServiceRequest

_DATABASES: Final = 64
"""Logical databases: one for each of many workers."""


def start(request: ServiceRequest) -> Server:
    """Start Redis and wait for its PONG."""
    program = server_program(Protocol.REDIS)
    settings = request.folder / "redis.conf"
    settings.touch(mode=0o600)
    settings.write_text(_settings(request), encoding="utf-8")
    child = Child(
        [program, settings],
        log=request.log,
        secrets=request.secrets,
        cwd=request.folder,
        environment=server_environment({LABEL: request.session, **request.service.variables}),
    )
    return Server(child, stops_by=signal.SIGTERM).until_ready(request)


def _settings(request: ServiceRequest) -> str:
    """Return the settings; in a file, for a password on the command line would be seen by every user."""
    lines = [
        f"port {request.port}",
        f"bind {LOOPBACK}",
        f"databases {_DATABASES}",
        'save ""',
        "appendonly no",
        "daemonize no",
        login_settings(request.service),
    ]
    return "\n".join(lines) + "\n"
