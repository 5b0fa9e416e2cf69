"""The guide's application in containers: its services as images, its suite on them, its compose files by hand."""

import os
import subprocess
import sys
import urllib.request
import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest
from docker_lab import HOW_TO_GET, engine_with
from netra_project import copy_of_netra
from netra_whole import check_whole

from ci_toolkit.services.catalog.compose import compose_text
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import ServiceEnvironment
from ci_toolkit.services.ports.leases import Holder, lease_any

ROOT = Path(__file__).parents[3]
PYTHON = "python:3.11-slim"
STORES = ("postgres:15", "redis:7", "clickhouse/clickhouse-server:23.8")


def compose(*words: str | Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["docker", "compose", *words], capture_output=True, text=True, timeout=180, check=False)
    except OSError as error:
        pytest.skip(f"needs Docker Compose v2: {HOW_TO_GET}. {error}")


@pytest.fixture(scope="module")
def netra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose images are built, of this checkout's ci-toolkit; skips where there is nothing to build them on."""
    engine_with(*STORES, PYTHON).close()
    copy = copy_of_netra(tmp_path_factory.mktemp("netra"))
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(copy / "wheels"), str(ROOT)]
    subprocess.run(wheel, check=True, timeout=120)
    options = ("-q", "--network", "host", "--build-arg", f"PYTHON={PYTHON}")
    found = ("--build-arg", "PIP_FIND_LINKS=/srv/netra/wheels")
    # The classic builder, which needs no plugin.
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    build = [sys.executable, "scripts/build_images.py", *options, *found]
    subprocess.run(build, cwd=copy, env=environment, check=True, timeout=300)
    return copy


def test_the_same_suite_passes_on_containers(netra: Path) -> None:
    told = check_whole(netra, "--provider", "docker", "--no-alpine")
    for store in ("postgresql", "redis", "clickhouse"):
        (line,) = (line for line in told.splitlines() if line.startswith(f"ci-toolkit: {store} "))
        assert " docker 127.0.0.1:" in line


def test_compose_starts_the_whole_stack_each_service_when_what_it_depends_on_answers(netra: Path) -> None:
    if compose("version").returncode != 0:
        pytest.skip(f"needs Docker Compose v2: {HOW_TO_GET}")
    table = read_table(netra)
    holder = Holder(pid=os.getpid(), session="compose", directory=str(netra))
    images = [row for row in table.services if row.image]
    with ExitStack() as leases:
        ports = {row.name: leases.enter_context(lease_any(netra / "registry", holder)).port for row in images}
        file = netra / "compose/free-ports.yml"
        file.write_text(compose_text(table.with_ports(ServiceEnvironment.TEST, ports), ServiceEnvironment.TEST))
        project = ("-p", f"ci-toolkit-{uuid.uuid4().hex[:8]}", "-f", file)
        try:
            up = compose(*project, "up", "--wait")
            assert up.returncode == 0, up.stderr + compose(*project, "logs").stdout
            for row in (row for row in images if row.is_own and row.protocol.has_port):
                with urllib.request.urlopen(f"http://127.0.0.1:{ports[row.name]}{row.path}", timeout=60) as answer:
                    assert answer.status == 200
        finally:
            down = compose(*project, "down", "--volumes", "--timeout", "1")
    assert down.returncode == 0, down.stderr
