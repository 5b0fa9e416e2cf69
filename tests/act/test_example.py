"""The workflow of examples/netra as it stands, each job on a machine of its own: a container that ends with the job.

Everything is installed as the workflow says. Only ci-toolkit itself comes from a wheel of this checkout.
"""

import re
import shutil
import subprocess
import sys
import venv
import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from act_lab import GITHUB, RUN_ID, Ended, commit_all, run_act
from test_service_containers import IMAGE, MISSING

from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.ports.leases import Holder, lease_any
from ci_toolkit.services.processes.binaries import HOW_TO_GET, find_server

ROOT = Path(__file__).parents[2]
ONE_AT_A_TIME = "      max-parallel: 1\n"
"""Added to the called workflow: these jobs share the ports of this machine, which GitHub's do not."""
WORKFLOW = ".github/workflows/ci-toolkit.yml"
BROKEN = "netra_backend/tests/integration/test_broken.py"
FAILS = """\
async def test_there_is_a_user_whom_nobody_made(real_services):
    assert real_services["database_url"] == "a fault that somebody pushes"
"""


@pytest.fixture(scope="module")
def netra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of its own with the example, on ports that nobody has: these jobs share them with this machine."""
    for protocol in (Protocol.POSTGRESQL, Protocol.REDIS, Protocol.CLICKHOUSE):
        if find_server(protocol) is None:
            pytest.skip(f"needs a {protocol} server: {HOW_TO_GET[protocol]}")
    top = tmp_path_factory.mktemp("netra") / "repository"
    shutil.copytree(ROOT / "examples/netra", top, ignore=shutil.ignore_patterns("__pycache__", ".venv", ".ci-toolkit"))
    settings, workflow = top / "pyproject.toml", top / WORKFLOW
    rows = [row for row in read_table(top).services if row.protocol.has_port]
    holder = Holder(pid=0, session="act", directory=str(top))
    with ExitStack() as leases:
        ports = {row.name: leases.enter_context(lease_any(top.parent / "registry", holder)).port for row in rows}
    text = re.sub(r"^port = \d+\n", "", settings.read_text(), flags=re.MULTILINE)
    for name, port in ports.items():
        table = f"[tool.ci-toolkit.services.{name}]\n"
        text = text.replace(table, f"{table}port = {port}\n") if table in text else f"{text}\n{table}port = {port}\n"
    settings.write_text(text)
    workflow.write_text(workflow.read_text().replace(":8090/", f":{ports['scripted_llm']}/"))
    return top


@pytest.fixture(scope="module")
def push(netra: Path, tmp_path_factory: pytest.TempPathFactory) -> "Push":
    return Push(netra, tmp_path_factory.mktemp("act"))


class Push:
    """Pushes of the repository; what GitHub would keep of one is there for the next."""

    def __init__(self, top: Path, folder: Path) -> None:
        self.store = folder / "store"
        self.store.mkdir()
        self._top = top
        self._wheels = folder / "wheels"
        wheel = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(self._wheels), str(ROOT))
        subprocess.run(wheel, check=True, timeout=300)
        self._called = folder / "called"
        shutil.copytree(GITHUB, self._called / ".github")
        called = self._called / WORKFLOW
        one_at_a_time = called.read_text().replace("    strategy:\n", f"    strategy:\n{ONE_AT_A_TIME}", 1)
        called.write_text(one_at_a_time)

    def __call__(self) -> Ended:
        for left in ("artifacts", "python"):
            shutil.rmtree(self.store / left, ignore_errors=True)
        venv.create(self.store / "python", with_pip=True)
        commit_all(self._top)
        (pinned,) = re.findall(r"uses: (ci-toolkit/ci-toolkit)/\S+@(\w{40})", (self._top / WORKFLOW).read_text())
        certificates = "/etc/ssl/certs/ca-certificates.crt"
        variables = {
            "PIP_FIND_LINKS": self._wheels,
            "UV_FIND_LINKS": self._wheels,
            "UV_CACHE_DIR": self.store / "uv-cache",
            "PIP_CERT": certificates,
            "SSL_CERT_FILE": certificates,
        }
        return run_act(
            self._top,
            WORKFLOW.rpartition("/")[2],
            self.store,
            *(word for name, value in variables.items() for word in ("--env", f"{name}={value}")),
            *("--local-repository", f"{'@'.join(pinned)}={self._called}"),
            *("-P", f"ubuntu-24.04={IMAGE}", "--pull=false", "--rm", "--container-options", self._mounts()),
            programs=self.store / "python" / "bin",
        )

    def report(self) -> str:
        """Return the page that the last push left as an artifact."""
        (artifact,) = (self.store / "artifacts" / RUN_ID / "verdict-attempt-1").iterdir()
        with zipfile.ZipFile(artifact) as files:
            return files.read("report.html").decode()

    def _mounts(self) -> str:
        """Give the containers the programs of this machine, and its certificates."""
        here = [self.store, self._wheels, Path(sys.base_prefix)]
        system = [path for path in map(Path, ("/etc/ssl", "/etc/chromium.d", "/etc/fonts")) if path.exists()]
        read_only = [Path("/usr"), *system]
        return " ".join([*(f"-v {one}:{one}:ro" for one in read_only), *(f"-v {one}:{one}" for one in here)])


@pytest.mark.skipif(bool(MISSING), reason=f"{MISSING}; see tools/ci/docker-engine.sh")
def test_the_example_is_green_in_shards_and_a_failing_test_makes_it_red_and_is_in_the_report(
    netra: Path, push: Push
) -> None:
    green = push()
    assert green.jobs == {"plan": True, "shard": True, "verdict": True}, green.output
    assert re.search(r"verdict: passed: \d+ passed", green.output), green.output
    (netra / BROKEN).write_text(FAILS)
    red = push()
    assert red.jobs == {"plan": True, "shard": False, "verdict": False}, red.output
    assert re.search(r"verdict: failed: 1 failed, \d+ passed", red.output), red.output
    assert "test_there_is_a_user_whom_nobody_made" in push.report()
    assert "a fault that somebody pushes" in push.report()
