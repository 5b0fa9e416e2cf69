"""Port leases between real processes."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ci_toolkit.services.errors import PortTakenError
from ci_toolkit.services.ports.leases import DYNAMIC_PORTS, Holder, claim, lease_any, leased_by
from ci_toolkit.services.ports.listeners import is_free
from ci_toolkit.services.providers.listening import who_listens

HOLDER = Holder(pid=1, session="one", directory="/project")
HOLD = """
import sys, time
from pathlib import Path
from ci_toolkit.services.ports.leases import Holder, lease_any
held = lease_any(Path(sys.argv[1]), Holder(pid=4711, session="other", directory="/elsewhere"))
print(held.port, flush=True)
sys.stdin.read()
"""


def test_a_leased_port_is_refused_with_its_holder_and_free_again_after_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        with pytest.raises(PortTakenError, match=r"session other \(pid 4711, /elsewhere\)") as caught:
            claim(tmp_path, port, HOLDER)
        assert "--dynamic-ports" in str(caught.value)
        other.send_signal(signal.SIGKILL)
    with claim(tmp_path, port, HOLDER):
        assert leased_by(tmp_path, port) == HOLDER
    assert leased_by(tmp_path, port) is None


def test_a_stranger_on_the_port_is_named_by_pid_and_command() -> None:
    code = "import socket,sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", code + "; sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as stranger:
        assert stranger.stdout is not None
        port = int(stranger.stdout.readline())
        assert not is_free(port)
        assert who_listens(port).startswith(f"pid {stranger.pid} (") or sys.platform != "linux"
        lsof = shutil.which("lsof")  # where it is installed, it says the same
        assert lsof is None or str(stranger.pid) in subprocess.check_output([lsof, "-i", f":{port}"], text=True).split()


def test_dynamic_ports_are_never_given_twice(tmp_path: Path) -> None:
    held = [lease_any(tmp_path, HOLDER) for _ in range(50)]
    assert len({one.port for one in held}) == 50
    assert all(one.port in DYNAMIC_PORTS for one in held)
    for one in held:
        one.close()


def test_a_folder_of_the_project_that_is_named_docker_is_no_client_library(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    ask = """
import importlib.machinery, sys
class OnlyTheProject:
    def find_spec(name, path=None, target=None):
        return importlib.machinery.PathFinder.find_spec(name, sys.argv[1:]) if name == "docker" else None
sys.meta_path.insert(0, OnlyTheProject)
from ci_toolkit.services.providers.listening import who_listens
from ci_toolkit.services.providers.docker.provider import DockerProvider
print(DockerProvider().leftover_sessions(), who_listens(1))
"""
    done = subprocess.run([sys.executable, "-c", ask, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("frozenset() a program that listens no more or only holds it")
