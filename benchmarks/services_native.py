"""How long native PostgreSQL and Redis take to their first answers, and how soon nothing is left after kill -9.

    python benchmarks/services_native.py
    python benchmarks/services_native.py --rounds 15

Every round is a fresh process, timed from before its first import; the peers stand in services_docker.py.
Exits 1 where something is left a second after the owner, the keeper or the guard was killed.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from services_docker import OURS, run

from ci_toolkit.services.supervision.session import SessionInfo, ready_sessions

GONE_BOUND = 1.0
KEEP = """
import os, sys
from pathlib import Path
from ci_toolkit.services.stack import StackRequest, acquire
from ci_toolkit.services.catalog.table import BUILT_IN
request = StackRequest(services=("postgresql", "redis"), dynamic_ports=True)
acquire(request, BUILT_IN, Path.cwd(), owner_pid=os.getpid(), report=lambda text: None)
print("ready", flush=True)
sys.stdin.read()
"""
UP = ("services", "up", "postgresql", "redis", "--dynamic-ports", "--provider", "native")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args(arguments).rounds
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(dir=memory()) as data:
        Path(data).chmod(0o711)
        folder = Path(name)
        environment = os.environ | {
            "CI_TOOLKIT_SERVICES_DIR": str(folder / "registry"),
            "CI_TOOLKIT_SERVICES_DATA": data,
            "CI_TOOLKIT_CACHE_DIR": str(folder / "cache"),
        }
        starts = measure_starts(folder, environment, rounds)
        print(
            f"native PostgreSQL and Redis to their first answers, median of {rounds} rounds in turn (least, most), ms"
        )
        for way, seconds in starts.items():
            print(f"  {way:<28}{statistics.median(seconds) * 1000:7.0f}{spread(seconds)}")
        print("from kill -9 until no process, lease, data or session is left, ms")
        gone = {victim: [kill(victim, folder, environment) for _ in range(rounds)] for victim in VICTIMS}
        for victim, seconds in gone.items():
            print(f"  {victim:<28}{statistics.median(seconds) * 1000:7.0f}{spread(seconds)}")
    worst = max(max(seconds) for seconds in gone.values())
    print(f"the longest: {worst * 1000:.0f} (bound {GONE_BOUND * 1000:.0f}){' MISSED' if worst > GONE_BOUND else ''}")
    return int(worst > GONE_BOUND)


def measure_starts(folder: Path, environment: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Return what each way took in each round, in turn."""
    run((OURS, "native"), folder, environment)  # makes the snapshot
    taken: dict[str, list[float]] = {"warm snapshot": [], "services up, warm snapshot": [], "no snapshot": []}
    for _ in range(rounds):
        taken["warm snapshot"].append(run((OURS, "native"), folder, environment))
        taken["services up, warm snapshot"].append(up(folder, environment))
        taken["no snapshot"].append(run((OURS, "native", "fresh"), folder, environment))
    return taken


def up(folder: Path, environment: Mapping[str, str]) -> float:
    """Return how long the whole command took; the stack is taken down after."""
    began = time.perf_counter()
    ci_toolkit(UP, folder, environment)
    took = time.perf_counter() - began
    ci_toolkit(("services", "down"), folder, environment)
    return took


def ci_toolkit(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-P", "-m", "ci_toolkit", *words],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        timeout=60,
    )


VICTIMS = ("owner", "keeper", "guard")


def kill(victim: str, folder: Path, environment: Mapping[str, str]) -> float:
    """Return how long it takes after ``victim`` was killed until nothing of its session is left."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", KEEP],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        registry = Path(environment["CI_TOOLKIT_SERVICES_DIR"])
        (info,) = ready_sessions(registry)
        os.kill(
            {"owner": owner.pid, "keeper": info.keeper.pid, "guard": info.guard.pid}[victim],
            signal.SIGKILL,
        )
        began = time.perf_counter()
        while is_anything_left(info, registry):
            if time.perf_counter() - began > 10 * GONE_BOUND:
                sys.exit(f"something is left for good after the {victim} was killed")
            time.sleep(0.001)
        took = time.perf_counter() - began
        owner.kill()
        return took


def is_anything_left(info: SessionInfo, registry: Path) -> bool:
    folders = (registry / "sessions" / info.session, Path(info.data) / info.session)
    return (
        info.keeper.is_alive
        or info.guard.is_alive
        or any(folder.exists() for folder in folders)
        or any((registry / "ports").glob("*"))
        or any(works_in(Path(info.data)))
    )


def works_in(folder: Path) -> Sequence[str]:
    """Return the processes that have their working directory below ``folder``, as every server has."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            place = str((entry / "cwd").readlink())
        except OSError:
            continue
        if place.startswith(str(folder)):
            found.append(entry.name)
    return found


def memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def spread(seconds: Sequence[float]) -> str:
    return f"   ({min(seconds) * 1000:.0f}, {max(seconds) * 1000:.0f})"


if __name__ == "__main__":
    sys.exit(main())
