"""What `ci-toolkit init` writes into repositories of others, run by act as it stands; the verdict is what counts.

Everything is installed as the written workflow says. Only ci-toolkit itself comes from a wheel of this checkout.
"""

import socket
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from act_lab import Ended, commit_all, run_act
from adopted_shapes import SHAPES, Shape

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import find_server

ROOT = Path(__file__).parents[2]
GREEN = {"plan": True, "shard": True, "verdict": True}
RED = {"plan": True, "shard": False, "verdict": False}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with this checkout's wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT], check=True)
    return folder


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Shape:
    return SHAPES[request.param]


@pytest.fixture(autouse=True)
def _servers(shape: Shape) -> None:
    if "postgres:" in str(shape.files) and find_server(Protocol.POSTGRESQL) is None:
        pytest.skip("needs a PostgreSQL server: on Debian, `sudo sh tools/ci/real-parts.sh` installs it")


def test_a_repository_that_was_adopted_has_an_honest_verdict(shape: Shape, tmp_path: Path, wheel: Path) -> None:
    top, store = tmp_path / "repository", tmp_path / "store"
    store.mkdir()
    write(top, shape)
    adopt(top, shape)
    green = push(top, store, wheel)
    assert green.jobs == GREEN, green.output
    assert "verdict: passed: 2 passed of 2 tests" in green.output
    broken = top / shape.breaks
    broken.write_text(broken.read_text().replace("== 3", "== 4"))
    red = push(top, store, wheel)
    assert red.jobs == RED, red.output
    assert "verdict: failed: 1 failed, 1 passed of 2 tests" in red.output


def write(top: Path, shape: Shape) -> None:
    for name, text in shape.on_port(free_port()).items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if "dependency-groups" in shape.files.get("pyproject.toml", ""):
        subprocess.run(["uv", "lock", "-q"], cwd=top, check=True)
    commit_all(top)


def adopt(top: Path, shape: Shape) -> None:
    """Run `init` twice: the second time nothing changes, and what it wrote passes actionlint's checks."""
    # What the first run found in other files stands in the settings from then on.
    for word, said in (("written ", shape.said), ("unchanged ", ())):
        done = subprocess.run(
            [sys.executable, "-m", "ci_toolkit", "init", "--commit", COMMIT],
            cwd=top,
            capture_output=True,
            text=True,
            check=True,
        )
        assert word in done.stdout
        assert "require    tests / verdict" in done.stdout
        for words in said:
            assert words in done.stderr
    subprocess.run(["actionlint"], cwd=top, check=True)


def push(top: Path, store: Path, wheel: Path) -> Ended:
    """Run the workflow on a Python of its own, as each job on GitHub has one."""
    for left in (store / "artifacts", store / "python"):
        subprocess.run(["rm", "-rf", left], check=True)
    venv.create(store / "python", with_pip=True)
    commit_all(top)
    variables = {"PIP_FIND_LINKS": wheel, "UV_FIND_LINKS": wheel, "UV_CACHE_DIR": store / "uv-cache"}
    return run_act(
        top,
        "ci-toolkit.yml",
        store,
        *(word for name, value in variables.items() for word in ("--env", f"{name}={value}")),
        *("--local-repository", f"ci-toolkit/ci-toolkit@{COMMIT}={ROOT}"),
        programs=store / "python" / "bin",
    )


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port
