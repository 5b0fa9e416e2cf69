"""How long PostgreSQL and Redis take from nothing to their first answers, beside the peers, in one run.

    python benchmarks/services_docker.py                  # what is here is measured; what is missing is named
    python benchmarks/services_docker.py --rounds 7

Every round is a fresh process: it starts both servers, asks `SELECT 1` and `PING`, and ends them; the time is from
before the first import to the second answer. All use the same images on the same engine; `docker compose up --wait`
runs the compose file that is rendered from the table. Exits 1 where a bound is missed, 4 where a peer is missing.

Testcontainers runs without its reaper (TESTCONTAINERS_RYUK_DISABLED=true), whose image needs a registry: that saves it
the start of a third container, in which a real run would stay slower. It is measured twice: as its documentation shows
it, and, in favour of it, both servers side by side in threads and on an image whose database was made before.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ci_toolkit.services.catalog.compose import compose_text
from ci_toolkit.services.catalog.table import BUILT_IN, ServiceEnvironment
from ci_toolkit.services.ports.leases import Holder, lease_any

STORES = ("postgresql", "redis")
ANSWER = """
def answer(postgresql, redis):
    import psycopg, redis as client
    with psycopg.connect(postgresql) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert client.Redis.from_url(redis).ping()
    print(f"took {time.perf_counter() - began:.3f}", flush=True)
"""
OURS = (
    "import time; began = time.perf_counter()"
    + ANSWER
    + """
import os, sys
from pathlib import Path
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.stack import StackRequest, acquire
from ci_toolkit.services.catalog.table import BUILT_IN
stores, is_fresh = ("postgresql", "redis"), "fresh" in sys.argv
request = StackRequest(services=stores, provider=Provider(sys.argv[1]), dynamic_ports=True, force_recreate=is_fresh)
with acquire(request, BUILT_IN, Path.cwd(), owner_pid=os.getpid(), report=lambda text: None) as stack:
    answer(stack.endpoint("postgresql").url(), stack.endpoint("redis").url())
"""
)
COMPOSE = (
    "import time; began = time.perf_counter()"
    + ANSWER
    + """
import subprocess, sys
compose = ["docker", "compose", "-p", "ci-toolkit-bench", "-f", sys.argv[1]]
try:
    subprocess.run([*compose, "up", "--wait", "postgresql", "redis"], check=True, capture_output=True, timeout=120)
    answer(sys.argv[2], sys.argv[3])
finally:
    subprocess.run([*compose, "down", "--volumes", "--timeout", "0"], check=True, capture_output=True, timeout=60)
"""
)
TESTCONTAINERS = (
    "import time; began = time.perf_counter()"
    + ANSWER
    + """
import warnings; warnings.simplefilter("ignore")
from testcontainers.postgres import PostgresContainer
from testcontainers.redis import RedisContainer
with PostgresContainer("postgres:15", username="test", password="test", dbname="test", driver=None) as postgresql:
    with RedisContainer("redis:7") as redis:
        where = f"redis://{redis.get_container_host_ip()}:{redis.get_exposed_port(6379)}"
        answer(postgresql.get_connection_url(), where)
"""
)
FAVOURED = (
    "import time; began = time.perf_counter()"
    + ANSWER
    + """
import sys, warnings; warnings.simplefilter("ignore")
from concurrent.futures import ThreadPoolExecutor
from testcontainers.postgres import PostgresContainer
from testcontainers.redis import RedisContainer
postgresql = PostgresContainer(sys.argv[1], username="test", password="test", dbname="test", driver=None)
postgresql.with_env("PGDATA", "/baked")
redis = RedisContainer("redis:7")
try:
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda container: container.start(), (postgresql, redis)))
    where = f"redis://{redis.get_container_host_ip()}:{redis.get_exposed_port(6379)}"
    answer(postgresql.get_connection_url(), where)
finally:
    postgresql.stop(), redis.stop()
"""
)
BAKED = "ci-toolkit/bench-baked:15"
"""The image with a database in it, for testcontainers."""
BOUNDS = (
    ("native warm", "compose", 0.35),
    ("native warm", "testcontainers", 0.5),
    ("docker cold", "testcontainers", 0.6),
    ("docker warm", "testcontainers", 0.6),
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    missing = [what for what, is_here in NEEDS.items() if not is_here()]
    if missing:
        print("needs " + ", ".join(missing))
        return 4
    with tempfile.TemporaryDirectory() as folder:
        medians = measure(Path(folder), rounds)
    print(f"PostgreSQL 15 and Redis 7 to their first answers, median of {rounds} rounds in turn, ms")
    for name, seconds in medians.items():
        print(f"  {name:<28}{seconds * 1000:7.0f}")
    is_missed = False
    for ours, peer, bound in BOUNDS:
        ratio = medians[ours] / medians[peer]
        is_missed |= ratio > bound
        print(f"{ours} / {peer}: {ratio:.2f} (bound {bound:g}){' MISSED' if ratio > bound else ''}")
    return int(is_missed)


def measure(folder: Path, rounds: int) -> dict[str, float]:
    """Return the median of each way, all measured in turn in the same run."""
    environment = os.environ | {
        "TESTCONTAINERS_RYUK_DISABLED": "true",
        "CI_TOOLKIT_SERVICES_DIR": str(folder / "registry"),
        "CI_TOOLKIT_CACHE_DIR": str(folder / "cache"),
    }
    holder = Holder(pid=os.getpid(), session="bench", directory=str(folder))
    with lease_any(folder / "ports", holder) as first, lease_any(folder / "ports", holder) as second:
        ports = dict(zip(STORES, (first.port, second.port), strict=True))
        compose = folder / "compose.yml"
        compose.write_text(compose_text(BUILT_IN.with_ports(ServiceEnvironment.TEST, ports), ServiceEnvironment.TEST))
        urls = f"postgresql://test:test@127.0.0.1:{first.port}/test", f"redis://127.0.0.1:{second.port}"
        ways: Mapping[str, Sequence[str]] = {
            "native warm": (OURS, "native"),
            "docker warm": (OURS, "docker"),
            "docker cold": (OURS, "docker", "fresh"),
            "compose": (COMPOSE, str(compose), *urls),
            "testcontainers": (TESTCONTAINERS,),
            "testcontainers, favoured": (FAVOURED, BAKED),
        }
        run((OURS, "native"), folder, environment)  # makes the snapshots
        run((OURS, "docker", "fresh"), folder, environment, linger=3)
        bake()
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                taken[name].append(run(way, folder, environment))
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def run(way: Sequence[str], folder: Path, environment: Mapping[str, str], *, linger: float = 0) -> float:
    """Return the seconds that one process says it took."""
    ran = subprocess.run(
        [sys.executable, "-c", *way],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if ran.returncode != 0:
        sys.exit(f"{way[1:]} failed: {ran.stderr}")
    time.sleep(linger)
    return float(ran.stdout.split("took ")[1].split()[0])


def bake() -> None:
    """Make the image with a database in it, as its users do: run the image once, stop it cleanly, commit it."""
    name = "ci-toolkit-bench-baking"
    login = [
        "-e",
        "POSTGRES_USER=test",
        "-e",
        "POSTGRES_PASSWORD=test",
        "-e",
        "POSTGRES_DB=test",
        "-e",
        "PGDATA=/baked",
    ]
    docker("run", "-d", "--name", name, *login, "postgres:15")
    try:
        deadline = time.monotonic() + 60
        asked = ["docker", "exec", name, "psql", "-h", "127.0.0.1", "-U", "test", "-c", "SELECT 1"]
        while subprocess.run(asked, capture_output=True, timeout=20, check=False).returncode != 0:
            if time.monotonic() > deadline:
                sys.exit("the image to bake did not start")
            time.sleep(0.1)
        docker("stop", name)
        docker("commit", name, BAKED)
    finally:
        docker("rm", "-f", "-v", name)


def docker(*args: str) -> None:
    subprocess.run(["docker", *args], check=True, capture_output=True, timeout=120)


def answers(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except OSError:
        return False


NEEDS: Mapping[str, Callable[[], bool]] = {
    "a Docker engine with postgres:15 and redis:7 (`sh tools/ci/docker-engine.sh start`)": lambda: answers(
        "docker", "image", "inspect", "postgres:15", "redis:7"
    ),
    "Docker Compose v2": lambda: answers("docker", "compose", "version"),
    "testcontainers (`pip install testcontainers`)": lambda: importlib.util.find_spec("testcontainers") is not None,
}


if __name__ == "__main__":
    sys.exit(main())
