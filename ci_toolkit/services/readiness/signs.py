"""The signs by which a service is known to be ready: an answer in its protocol, a line of its log, a command."""

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.placeholders import filled
from ci_toolkit.services.catalog.table import Service
from ci_toolkit.services.readiness.probe import ProbeResult, ProbeStatus, ask

Question = Callable[[float], ProbeResult]
"""Asks once whether a service is ready, for at most so many seconds."""

_ONE_ANSWER: Final = 1.0
"""How long one question may take; a silent server is asked again until the service's own limit."""
_ONE_COMMAND: Final = 10.0
"""A program of Python takes a second to start on a busy machine."""


def by_protocol(endpoint: Endpoint, service: Service) -> Question:
    """Return the question that a server is asked in its own protocol."""
    return lambda seconds: ask(endpoint, path=service.path, timeout=min(_ONE_ANSWER, seconds))


def own_sign(
    service: Service, log: Path, *, root: str, known: Mapping[str, str], environment: Mapping[str, str]
) -> Question | None:
    """Return the sign of its own by which ``service`` is known to be ready, if its row has one; ask before it starts.

    ``known`` fills in the command, which runs in ``root`` with ``environment``.
    """
    if service.ready_log:
        return by_log(service.ready_log, log)
    if service.ready_command:
        command = [filled(word, known) for word in service.ready_command]
        return by_command(command, root=Path(root), environment=environment)
    return None


def by_log(pattern: str, log: Path) -> Question:
    """Return whether a line of ``log`` has ``pattern``, one that is written from now on."""
    expression = re.compile(pattern.encode())
    position = log.stat().st_size if log.exists() else 0

    def look(_seconds: float) -> ProbeResult:
        nonlocal position
        with log.open("rb") as file:
            file.seek(position)
            *whole, rest = file.read().split(b"\n")
        position += sum(len(line) + 1 for line in whole)
        if any(expression.search(line) for line in (*whole, rest)):
            return ProbeResult(status=ProbeStatus.READY)
        return ProbeResult(status=ProbeStatus.STARTING, reason=f"no line of its log matches {pattern!r}")

    return look


def by_command(command: Sequence[str], *, root: Path, environment: Mapping[str, str]) -> Question:
    """Return whether ``command`` ends with exit status 0."""

    def run(seconds: float) -> ProbeResult:
        try:
            done = subprocess.run(
                command, cwd=root, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=min(_ONE_COMMAND, seconds), check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return ProbeResult(status=ProbeStatus.STARTING, reason=f"`{command[0]}` did not run: {error}")
        if done.returncode == 0:
            return ProbeResult(status=ProbeStatus.READY)
        said = done.stdout.decode(errors="replace").strip().splitlines()[-1:]
        reason = f"`{command[0]}` ended with exit status {done.returncode}{': ' if said else ''}{''.join(said)}"
        return ProbeResult(status=ProbeStatus.STARTING, reason=reason)

    return run
