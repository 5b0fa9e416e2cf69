"""Whatever is killed, and whenever: nothing stays in the engine."""

import os
import signal
import subprocess
import sys
import time

import pytest
from docker_lab import DockerLab
from services_lab import Lab, wait_for

from ci_toolkit.services.processes.identity import parents
from ci_toolkit.services.providers.docker.containers.engine import SERVICE_LABEL, SESSION_LABEL
from ci_toolkit.services.supervision.session import new_session

OWNER = """
import os, sys
from pathlib import Path
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.stack import StackRequest, acquire
from ci_toolkit.services.catalog.table import BUILT_IN
request = StackRequest(services=("postgresql", "redis"), provider=Provider.DOCKER, dynamic_ports=True)
acquire(request, BUILT_IN, Path.cwd(), owner_pid=os.getpid(), report=lambda text: None)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def warm(docker: DockerLab) -> DockerLab:
    """The engine with a snapshot, so that a session takes as long as it does every day."""
    docker.acquire("postgresql").stop()
    return docker


def test_the_end_of_the_owner_ends_its_containers(docker: DockerLab, lab: Lab) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=lab.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        owner.kill()
    docker.wait_until_nothing_is_left()


@pytest.mark.parametrize("killed", ["keeper", "guard", "keeper and guard"])
def test_kill_9_of_what_watches_the_containers_ends_them(docker: DockerLab, killed: str) -> None:
    stack = docker.acquire("postgresql", "redis")
    info = docker.lab.ready_sessions()[0]
    for pid in {"keeper": [info.keeper.pid], "guard": [info.guard.pid]}.get(killed, [info.guard.pid, info.keeper.pid]):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not docker.containers())
    stack.stop()
    if killed == "keeper and guard":
        lab = docker.lab
        assert lab.ci_toolkit("services", "clean").returncode == 0  # the files, which nobody could remove
    docker.wait_until_nothing_is_left()


def test_kill_9_of_the_keeper_at_any_moment_leaves_nothing(warm: DockerLab, lab: Lab) -> None:
    for number in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", OWNER], cwd=lab.root, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as owner:  # fmt: skip
            wait_for(lambda owner=owner: bool(keepers(owner.pid)))  # type: ignore[misc]
            time.sleep(number * 0.1)  # the moments: from before the engine is asked to after the first answer
            for keeper in keepers(owner.pid):
                os.kill(keeper, signal.SIGKILL)
            owner.kill()
    warm.wait_until_nothing_is_left()


def keepers(owner: int) -> list[int]:
    """Return the keepers of ``owner``: the children of its guards."""
    above = parents()
    return [pid for pid, parent in above.items() if above.get(parent) == owner]


def test_clean_removes_what_dead_sessions_left_and_touches_nothing_else(docker: DockerLab, lab: Lab) -> None:
    docker.acquire("redis").stop()  # so that the registry exists
    with docker.acquire("redis"):
        living = docker.containers()["redis"]
        dead = docker.leave_behind({SESSION_LABEL: new_session(lab.registry), SERVICE_LABEL: "postgresql"})
        strangers = docker.leave_behind({}), docker.leave_behind({SESSION_LABEL: "0000-00000000", SERVICE_LABEL: "x"})
        try:
            cleaned = lab.ci_toolkit("services", "clean")
            assert cleaned.returncode == 0, cleaned.stderr
            assert "docker servers of session" in cleaned.stdout
            there = {container["Id"] for container in docker.engine.api.containers(all=True)}
            assert dead not in there
            assert there >= {living, *strangers}
        finally:
            for identity in strangers:
                docker.engine.api.remove_container(identity, force=True, v=True)
