"""Port leases between real processes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ci_toolkit.services.errors import PortTakenError
from ci_toolkit.services.ports import DYNAMIC_PORTS, Holder, claim, is_free, lease_any, leased_by, listener

HOLDER = Holder(pid=1, session="one", directory="/project")
HOLD = """
import sys, time
from pathlib import Path
from ci_toolkit.services.ports import Holder, lease_any
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
        assert listener(port).startswith(f"pid {stranger.pid} (") or sys.platform != "linux"


def test_dynamic_ports_are_never_given_twice(tmp_path: Path) -> None:
    held = [lease_any(tmp_path, HOLDER) for _ in range(50)]
    assert len({one.port for one in held}) == 50
    assert all(one.port in DYNAMIC_PORTS for one in held)
    for one in held:
        one.close()
