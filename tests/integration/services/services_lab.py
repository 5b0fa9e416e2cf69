"""A registry, a data folder and a project of a test's own, and what is left in them."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_toolkit.services.catalog.table import BUILT_IN, Protocol, ServiceEnvironment, Table
from ci_toolkit.services.ports.leases import Holder, lease_any
from ci_toolkit.services.processes.binaries import HOW_TO_GET, find_server
from ci_toolkit.services.stack import StackRequest, acquire
from ci_toolkit.services.started import Stack
from ci_toolkit.services.storage.folders import CACHE_VARIABLE, DATA_VARIABLE, REGISTRY_VARIABLE
from ci_toolkit.services.supervision.session import SessionInfo, ready_sessions, sessions

GONE_SECONDS = float(os.environ.get("CI_TOOLKIT_GONE_SECONDS", "60"))
"""The promise is 1 s, which `nox -s leaks` holds it to on a quiet machine; here this only guards against a hang."""


class Lab:
    """Sees to it that a test meets no session but its own, and leaves nothing."""

    def __init__(self, folder: Path, *, cache: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.registry = folder / "registry"
        # pytest's folders are closed to PostgreSQL's own user.
        self.data = Path(tempfile.mkdtemp(prefix="ci-toolkit-lab-", dir=_room()))
        self.data.chmod(0o711)
        self.told: list[str] = []
        self.variables = {
            REGISTRY_VARIABLE: str(self.registry),
            DATA_VARIABLE: str(self.data),
            CACHE_VARIABLE: str(cache),
        }

    def acquire(
        self,
        *services: str,
        table: Table = BUILT_IN,
        owner_pid: int | None = -1,
        request: StackRequest | None = None,
    ) -> Stack:
        """Ask for ``services`` on dynamic ports, or for ``request``; this process is the owner unless said."""
        wanted = request or StackRequest(services=services, dynamic_ports=True)
        owner = os.getpid() if owner_pid == -1 else owner_pid
        return acquire(wanted, table, self.root, owner_pid=owner, report=self.told.append)

    def table(self, name: str, **changes: object) -> Table:
        """Return the built-in table with one service changed, and moved to a port that is free in this lab."""
        with lease_any(self.registry, Holder(pid=os.getpid(), session="lab", directory="")) as free:
            ports = dict.fromkeys(ServiceEnvironment, free.port)
        rows = tuple(
            replace(row, **{"ports": ports, **changes}) if row.name == name else row for row in BUILT_IN.services
        )
        return Table(services=rows)

    def command(self, *args: str) -> list[str]:
        """Return the command line of the real program."""
        return [sys.executable, "-P", "-m", "ci_toolkit", *args]

    def environment(self) -> dict[str, str]:
        """Return the environment that leads a program to this lab."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        return mine | self.variables

    def ci_toolkit(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the real program in the project."""
        return subprocess.run(
            self.command(*args), cwd=self.root, env=self.environment(), capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    def ready_sessions(self) -> tuple[SessionInfo, ...]:
        """Return the sessions of this lab that are ready."""
        return ready_sessions(self.registry)

    def left(self) -> list[str]:
        """Return everything of this lab's sessions that is there now."""
        found = [f"session {name}" for name in sessions(self.registry)]
        found += [f"lease {path.name}" for path in (self.registry / "ports").glob("*")]
        found += [f"data {path}" for path in self.data.iterdir()]
        return found + [f"process {pid} {command}" for pid, command in self.processes()]

    def wait_until_nothing_is_left(self, seconds: float = GONE_SECONDS) -> float:
        """Return how long it took until nothing was left."""
        began = time.monotonic()
        while left := self.left():
            assert time.monotonic() - began < seconds, f"after {seconds} s there is still {left}"
            time.sleep(0.01)
        return time.monotonic() - began

    @contextmanager
    def elsewhere(self) -> Iterator["Lab"]:
        """Give another registry, as another user of this machine has it, while the context lasts."""
        folder = self.root.parent / "elsewhere"
        folder.mkdir()
        other = Lab(folder, cache=Path(self.variables[CACHE_VARIABLE]))
        before = {name: os.environ[name] for name in other.variables}
        os.environ.update(other.variables)
        try:
            yield other
        finally:
            os.environ.update(before)
            other.close()

    def close(self) -> None:
        """End what a failed test left."""
        for pid, _ in self.processes():
            os.kill(pid, 9)
        shutil.rmtree(self.data, ignore_errors=True)

    def processes(self) -> Iterator[tuple[int, str]]:
        """Yield the keepers, guards and servers of this lab: they work in its folders, or name its registry."""
        names = f"{REGISTRY_VARIABLE}={self.registry}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                works_here = str((entry / "cwd").readlink()).startswith(str(self.data))
                is_keeper = (
                    "ci_toolkit.services.supervision.keeper" in command and names in (entry / "environ").read_bytes()
                )
            except OSError:
                continue
            if works_here or is_keeper:
                yield int(entry.name), command.strip()


@pytest.fixture
def lab(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A registry and a data folder of this test's own, a cache of this process's own, and a project."""
    made = Lab(tmp_path, cache=tmp_path_factory.getbasetemp() / "snapshots-of-all-tests")
    for name, value in made.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.root)
    yield made
    made.close()


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen in {seconds} s"
        time.sleep(0.01)


def needs(*protocols: Protocol) -> None:
    """Skip the test where a server cannot be started here."""
    for protocol in protocols:
        if find_server(protocol) is None:
            pytest.skip(f"needs a {protocol} server: {HOW_TO_GET[protocol]}")


def settings(rows: Mapping[str, str]) -> str:
    """Return a ``pyproject.toml`` with services."""
    return "".join(f"[tool.ci-toolkit.services.{name}]\n{text}\n" for name, text in rows.items())


def _room() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
