"""A port that a container has: the error names the container."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_lab import DockerLab
from engine_relay import Relay

from ci_toolkit.errors import ExitCode
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.table import BUILT_IN, ServiceEnvironment
from ci_toolkit.services.errors import PortTakenError
from ci_toolkit.services.ports.leases import Holder, lease_any
from ci_toolkit.services.stack import StackRequest

ASK = """
import sys
from ci_toolkit.services.providers.listening import who_listens
print(who_listens(int(sys.argv[1])))
"""
AS_NOBODY = """
import os, sys
from ci_toolkit.services.providers.listening import who_listens
who_listens(1)  # imports what another user may not read
os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(who_listens(int(sys.argv[1])))
"""
"""The way in which somebody asks who may not see the engine's processes."""


class Strangers:
    """A running container of somebody else, which publishes a port."""

    def __init__(self, docker: DockerLab) -> None:
        with lease_any(docker.lab.registry, Holder(pid=os.getpid(), session="lab", directory="/")) as found:
            self.port = found.port
        api = docker.engine.api
        host = api.create_host_config(port_bindings={6379: ("127.0.0.1", self.port)}, auto_remove=True)
        made = api.create_container("redis:7", ports=[6379], host_config=host)
        self.identity = str(made["Id"])
        api.start(self.identity)
        self.name = api.inspect_container(self.identity)["Name"].removeprefix("/")
        self.description = f"the container {self.name} (image redis:7, id {self.identity[:12]})"


@pytest.fixture
def strangers(docker: DockerLab) -> Iterator[Strangers]:
    made = Strangers(docker)
    yield made
    docker.engine.api.remove_container(made.identity, force=True, v=True)


def test_a_port_that_a_container_has_is_an_error_that_names_it(docker: DockerLab, strangers: Strangers) -> None:
    table = BUILT_IN.with_ports(ServiceEnvironment.TEST, {"postgresql": strangers.port})
    request = StackRequest(services=("postgresql",), provider=Provider.DOCKER)
    with pytest.raises(PortTakenError, match="--dynamic-ports") as caught:
        docker.lab.acquire(table=table, request=request)
    assert caught.value.exit_code is ExitCode.INFRASTRUCTURE
    assert caught.value.message == f"port {strangers.port} is taken by {strangers.description}"


def test_without_an_engine_that_answers_the_error_says_how_to_find_the_container(
    strangers: Strangers, tmp_path: Path
) -> None:
    if os.getuid() != 0:
        pytest.skip("needs root, to see the engine's processes")
    assert f"docker ps --filter publish={strangers.port}" in asked(strangers.port, tmp_path / "nobody.sock", ASK)


def test_a_container_is_named_to_whoever_does_not_see_the_process_that_listens(strangers: Strangers) -> None:
    if os.getuid() != 0:
        pytest.skip("needs root, to become another user")
    engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # another user has to reach it
        Path(folder).chmod(0o755)
        path = Path(folder) / "engine.sock"
        relay = Relay(path, engine)
        path.chmod(0o666)
        try:
            assert asked(strangers.port, path, AS_NOBODY) == strangers.description
        finally:
            relay.stop()


def asked(port: int, engine: Path, program: str) -> str:
    """Return who listens on ``port`` as ``program`` sees it, with an engine at ``engine``."""
    said = subprocess.run(
        [sys.executable, "-c", program, str(port)], env=os.environ | {"DOCKER_HOST": f"unix://{engine}"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    return said.stdout.strip()
