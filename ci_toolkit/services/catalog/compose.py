"""Compose files of the services with an image: each starts after what it depends on, and is asked in its protocol."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from ci_toolkit.services.catalog import images
from ci_toolkit.services.catalog.endpoint import LOOPBACK, planned, variables
from ci_toolkit.services.catalog.order import depends, knows
from ci_toolkit.services.catalog.placeholders import filled_all, with_public
from ci_toolkit.services.catalog.table import Protocol, Service, ServiceEnvironment, Table

HEADER: Final = (
    "# Rendered from the table of services; change [tool.ci-toolkit.services], then `ci-toolkit services render`."
)
_LABEL: Final = "ci-toolkit"
_HTTP_CLIENTS: Final = (
    "wget -q -O /dev/null {url}",
    "curl -fsS -o /dev/null {url}",
    "python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1])' {url}",
)
"""What asks over HTTP: the first that is in the image."""

Node = Mapping[str, object]


def compose_text(table: Table, environment: ServiceEnvironment) -> str:
    """Return the compose file of ``environment``: the services that have an image."""
    rows = [row for row in table.services if row.image]
    services = {row.name: _service(row, environment, rows) for row in rows}
    document: dict[str, object] = {"name": f"{_LABEL}-{environment}", "services": services}
    if environment is ServiceEnvironment.DEV:
        document["volumes"] = {f"{row.name}-data": {} for row in rows if row.protocol in images.DATA_FOLDER}
    text = "\n".join([HEADER, *yaml_lines(document)]) + "\n"
    return text.replace("$", "$$")  # compose would put a variable's value there


def health(row: Service, environment: ServiceEnvironment) -> str:
    """Return the shell command that asks a service in its protocol, inside its container."""
    login = row.credentials
    if row.protocol is Protocol.POSTGRESQL:
        # Over TCP: the server that the image runs while it makes the database listens on a socket file alone.
        return f"psql -h {LOOPBACK} -U {login.user} -d {login.database} -c 'SELECT 1'"
    if row.protocol is Protocol.REDIS:
        user = ("--user", login.user) if login.user else ()
        return shlex.join(["redis-cli", *user, "ping"]) + " | grep PONG"  # it reads the password from its environment
    if row.protocol is Protocol.CLICKHOUSE:
        return f"wget -qO- http://{LOOPBACK}:{row.container_port}/ping"
    url = shlex.quote(f"http://{LOOPBACK}:{_inner_port(row, environment)}{row.path}")
    return " || ".join(client.format(url=url) for client in _HTTP_CLIENTS)


def yaml_lines(value: Node, depth: int = 0) -> list[str]:
    """Write nested mappings and lists of strings as YAML; strings are quoted as JSON, which YAML reads."""
    lines: list[str] = []
    pad = "  " * depth
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            lines += [f"{pad}{key}:", *yaml_lines(item, depth + 1)]
        elif isinstance(item, list):
            lines += [f"{pad}{key}:", *(f"{pad}  - {json.dumps(entry)}" for entry in item)]
        else:
            lines.append(f"{pad}{key}: {json.dumps(item)}")
    return lines


def _service(row: Service, environment: ServiceEnvironment, rows: Sequence[Service]) -> Node:
    service: dict[str, object] = {"image": row.image_for(environment), "labels": {_LABEL: str(environment)}}
    if row.protocol.has_port:
        service["ports"] = [f"{LOOPBACK}:{row.port(environment)}:{_inner_port(row, environment)}"]
    if row.protocol in images.DATA_FOLDER:
        return service | _of_store(row, environment)
    others = [other for other in rows if depends(row, other)]
    seen = [other for other in rows if knows(row, other)]
    known = _known_inside(row, environment, seen)
    outside = variables(planned(other, environment) for other in seen)
    service["environment"] = known | filled_all(row.variables, with_public(known, outside))
    if others:
        service["depends_on"] = {other.name: {"condition": _condition(other)} for other in others}
    if row.is_asked and not row.plugin:
        service["healthcheck"] = _asked_by(health(row, environment))
    return service


def _of_store(row: Service, environment: ServiceEnvironment) -> dict[str, object]:
    is_kept = environment is ServiceEnvironment.DEV
    data = images.data_folder(row, row.image_for(environment))
    store: dict[str, object] = {}
    if images.compose_variables(row):
        store["environment"] = images.compose_variables(row)
    command = images.command(row, is_kept=is_kept)
    if command:
        store["command"] = list(command)
    store |= {"volumes": [f"{row.name}-data:{data}"]} if is_kept else {"tmpfs": [data]}
    return store | {"healthcheck": _asked_by(health(row, environment))}


def _asked_by(command: str) -> Node:
    return {"test": ["CMD-SHELL", command], "interval": "1s", "retries": 60}


def _known_inside(row: Service, environment: ServiceEnvironment, others: Sequence[Service]) -> dict[str, str]:
    """Return the variables that ``row`` has of its own port and of ``others``, as containers see these."""
    seen = [
        replace(planned(other, environment), host=other.name, port=_inner_port(other, environment))
        for other in others
        if other.protocol.has_port
    ]
    own = {"PORT": str(_inner_port(row, environment))} if row.protocol.has_port else {}
    return variables(seen) | own


def _condition(other: Service) -> str:
    if other.protocol is Protocol.JOB:
        return "service_completed_successfully"
    return "service_healthy" if other.is_asked and not other.plugin else "service_started"


def _inner_port(row: Service, environment: ServiceEnvironment) -> int:
    return row.container_port or row.port(environment)
