"""The compose files as a developer runs them by hand."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_lab import engine_with
from msgspec.structs import replace

from ci_toolkit.services.catalog.compose import compose_text
from ci_toolkit.services.catalog.endpoint import planned
from ci_toolkit.services.catalog.table import BUILT_IN, Credentials, ServiceEnvironment, Table
from ci_toolkit.services.ports.leases import Holder, lease_any
from ci_toolkit.services.readiness.probe import ProbeStatus, ask

STORES = ("postgresql", "redis")
HOW_TO_GET = "https://docs.docker.com/compose/install/, or `sh tools/ci/docker-engine.sh start` (root, Debian)"


def compose(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", "compose", *args], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    """The built-in table with ports that are free here, and a password that has to be quoted."""
    engine_with("postgres:15-alpine", "redis:7-alpine", "postgres:15", "redis:7").close()
    try:
        has_compose = compose("version").returncode == 0
    except OSError:
        has_compose = False
    if not has_compose:
        pytest.skip(f"needs Docker Compose v2: {HOW_TO_GET}")
    holder = Holder(pid=os.getpid(), session="compose", directory=str(tmp_path))
    with lease_any(tmp_path / "registry", holder) as first, lease_any(tmp_path / "registry", holder) as second:
        ports = dict(zip(STORES, (first.port, second.port), strict=True))
        login = Credentials(user="worker", password="s3 'cret$HOME\"\nEND")
        rows = (replace(row, credentials=login) if row.name == "redis" else row for row in BUILT_IN.services)
        changed = Table(services=tuple(rows))
        for environment in ServiceEnvironment:
            changed = changed.with_ports(environment, ports)
        yield changed


@pytest.mark.parametrize("environment", [ServiceEnvironment.TEST_ALPINE, ServiceEnvironment.DEV])
def test_compose_up_wait_returns_when_the_servers_answer_in_their_protocols(
    table: Table, environment: ServiceEnvironment, tmp_path: Path
) -> None:
    file = tmp_path / "compose.yml"
    file.write_text(compose_text(table, environment))
    project = ["-p", f"ci-toolkit-{uuid.uuid4().hex[:8]}", "-f", str(file)]
    try:
        up = compose(*project, "up", "--wait", *STORES)
        assert up.returncode == 0, up.stderr
        for name in STORES:
            answer = ask(planned(table.service(name), environment))
            assert answer.status is ProbeStatus.READY, answer.reason
    finally:
        down = compose(*project, "down", "--volumes", "--timeout", "1")
    assert down.returncode == 0, down.stderr
