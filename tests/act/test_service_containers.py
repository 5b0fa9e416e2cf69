"""The composite actions in a job of one's own, whose `services:` are containers that a Docker engine of this machine starts."""

import contextlib
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from act_lab import GITHUB, commit_all, run_act

from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.providers.docker.provider import DockerProvider

IMAGE = "ci-toolkit/base:bookworm"
"""What `tools/ci/docker-engine.sh` makes; its programs are replaced by those of this machine."""
WORKFLOW = """\
name: jobs
on: [push]
permissions: { contents: read }
jobs:
  plan:
    runs-on: ubuntu-24.04
    outputs:
      matrix: ${{ steps.plan.outputs.matrix }}
      artifact: ${{ steps.plan.outputs.artifact }}
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/setup
        with: { install: ci-toolkit --version }
      - id: plan
        uses: ./.github/actions/plan
        with: { options: --shards 2 }

  shard:
    needs: plan
    runs-on: ubuntu-24.04
    strategy:
      max-parallel: 1 # one machine has each port once
      matrix: ${{ fromJSON(needs.plan.outputs.matrix) }}
    # ci-toolkit services: begin test matrix.services
    # ci-toolkit services: end
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/setup
        with: { install: ci-toolkit --version }
      - uses: ./.github/actions/shard
        with:
          index: ${{ matrix.index }}
          plan: ${{ needs.plan.outputs.artifact }}

  verdict:
    needs: [plan, shard]
    if: always()
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/setup
        with: { install: ci-toolkit --version }
      - uses: ./.github/actions/merge
        with: { plan: "${{ needs.plan.outputs.artifact }}" }
"""
STORES = ("postgresql", "redis", "clickhouse")
SETTINGS = "[tool.pytest.ini_options]\n" + "".join(
    f"[tool.ci-toolkit.services.{name}]\nport = {{{name}}}\n" for name in STORES
)
CLOSED = """\
import socket
def is_closed(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0
"""
TESTS = {
    "tests/unit/test_nothing.py": CLOSED
    + """\
def test_postgresql_was_not_started(): assert is_closed({postgresql})
def test_redis_was_not_started(): assert is_closed({redis})
def test_clickhouse_was_not_started(): assert is_closed({clickhouse})
""",
    "tests/integration/test_stores.py": CLOSED
    + """\
import psycopg, redis
def test_postgresql_answers():
    with psycopg.connect("postgresql://test:test@127.0.0.1:{postgresql}/test") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
def test_redis_answers(): assert redis.Redis(port={redis}).ping()
def test_clickhouse_was_not_started(): assert is_closed({clickhouse})
""",
}


def free_ports() -> dict[str, int]:
    """A port for each store, which nobody has."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in STORES]
        return {name: one.getsockname()[1] for name, one in zip(STORES, sockets, strict=True)}


def engine_is_missing() -> str:
    try:
        return "" if DockerProvider().has_image(IMAGE) else f"needs the image {IMAGE}"
    except EngineError as error:
        return error.message


MISSING = engine_is_missing()


@pytest.mark.skipif(bool(MISSING), reason=f"{MISSING}; see tools/ci/docker-engine.sh")
def test_each_job_of_the_matrix_has_the_containers_that_its_tests_need_and_no_others(tmp_path: Path) -> None:
    repository, store = tmp_path / "repository", tmp_path / "store"
    store.mkdir()
    ports = free_ports()
    files = {name: text.format(**ports) for name, text in {**TESTS, "pyproject.toml": SETTINGS}.items()}
    for name, text in {**files, ".github/workflows/jobs.yml": WORKFLOW}.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    shutil.copytree(GITHUB / "actions", repository / ".github" / "actions")
    subprocess.run([sys.executable, "-m", "ci_toolkit", "services", "render"], cwd=repository, check=True)
    commit_all(repository)
    seen = {store, Path(sys.prefix), Path(sys.base_prefix), GITHUB.parent}
    mounts = " ".join(["-v /usr:/usr:ro", *(f"-v {folder}:{folder}" for folder in seen)])
    words = ("-P", f"ubuntu-24.04={IMAGE}", "--pull=false", "--rm", "--container-options", mounts)
    ended = run_act(repository, "jobs.yml", store, *words)
    assert ended.jobs == {"plan": True, "shard": True, "verdict": True}, ended.output
    not_started = "The service '{}' will not be started because the container definition has an empty image"
    counted = {name: ended.output.count(not_started.format(name)) for name in STORES}
    assert counted == {"postgresql": 1, "redis": 1, "clickhouse": 2}
