"""An engine that is not there, says nothing, or goes away in mid-run: each a clear error."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_lab import DockerLab
from engine_relay import Relay
from services_lab import Lab, wait_for

from ci_toolkit.errors import ExitCode, InfrastructureError
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.errors import NoProviderError, ServiceDiedError
from ci_toolkit.services.stack import StackRequest
from ci_toolkit.services.started import Stack

DEFAULT_SOCKET = "/var/run/docker.sock"


@pytest.fixture
def socket_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    return path


@pytest.fixture
def relay(docker: DockerLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """A relay to the engine of ``docker``, which itself goes on talking to the engine directly."""
    assert docker.left() == []
    engine = os.environ.get("DOCKER_HOST", f"unix://{DEFAULT_SOCKET}")
    if not engine.startswith("unix://"):
        pytest.skip("needs an engine on a unix socket")
    path = tmp_path / "relay.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    made = Relay(path, engine.removeprefix("unix://"))
    yield made
    made.stop()


def refused(lab: Lab) -> InfrastructureError:
    with pytest.raises(InfrastructureError) as caught:
        lab.acquire(request=StackRequest(services=("redis",), provider=Provider.DOCKER, dynamic_ports=True))
    assert caught.value.exit_code is ExitCode.INFRASTRUCTURE
    assert lab.left() == []
    return caught.value


def test_an_engine_that_is_not_there_is_named_with_its_address_and_what_to_do(lab: Lab, socket_path: Path) -> None:
    error = refused(lab)
    assert isinstance(error, NoProviderError)
    assert f"the Docker engine does not answer at unix://{socket_path}: " in error.message
    assert "No such file or directory" in error.message
    assert "systemctl start docker" in error.message


def test_an_engine_that_accepts_and_never_answers_is_given_up(lab: Lab, socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(socket_path))
        silent.listen()
        assert "the Docker engine does not answer" in refused(lab).message


def test_an_engine_that_goes_away_in_mid_run_is_an_error_and_the_session_still_ends(
    docker: DockerLab, relay: Relay
) -> None:
    stack = docker.acquire("redis")
    relay.stop()
    wait_for(lambda: error_of(stack) is not None)
    error = error_of(stack)
    assert isinstance(error, ServiceDiedError)
    assert error.exit_code is ExitCode.INFRASTRUCTURE
    assert "the Docker engine does not answer" in error.message
    stack.stop()
    docker.wait_until_nothing_is_left()  # the engine's own end of the lease


def error_of(stack: Stack) -> InfrastructureError | None:
    try:
        stack.check()
    except InfrastructureError as error:
        return error
    return None
