"""Merges of many jobs that record in one branch at once, each with a clone of its own and real git."""

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from history_samples import HERE, NOW, file_run, run_of

from ci_toolkit.history.branch_location import BranchLocation

PUSHERS = 16
BRANCH = "ci-history"
KILLED = """\
import sys
from pathlib import Path
from history_samples import NOW, file_run, run_of
from ci_toolkit.history.branch_location import BranchLocation

location = BranchLocation("ci-history", Path.cwd())
print("ready", flush=True)
sys.stdin.readline()
location.change(lambda store: store.add(run_of(file_run({"t": 1.0}, path="killed.py")), now=NOW))
"""
GIT = """\
#!/bin/sh
if [ "$1" = push ]; then kill -9 $PPID; fi
exec {git} "$@"
"""


def clones(folder: Path, count: int) -> list[Path]:
    """An empty repository that all push to, and ``count`` clones of it."""
    git = shutil.which("git")
    assert git is not None
    subprocess.run([git, "init", "--quiet", "--bare", str(folder / "origin.git")], check=True, timeout=60)
    made = [folder / f"clone-{number}" for number in range(count)]
    for clone in made:
        subprocess.run(
            [git, "clone", "--quiet", str(folder / "origin.git"), str(clone)],
            check=True,
            timeout=60,
            capture_output=True,
        )
    return made


def test_each_of_sixteen_that_record_at_once_is_there_though_one_more_is_killed_while_it_pushes(tmp_path: Path) -> None:
    *folders, killed_in = clones(tmp_path, PUSHERS + 1)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text(GIT.format(git=shutil.which("git")))
    (programs / "git").chmod(0o755)
    begin = Barrier(PUSHERS + 1, timeout=60)

    def record(number: int) -> tuple[int, str]:
        location = BranchLocation(BRANCH, folders[number])
        run = run_of(file_run({"t": 1.0}, path=f"test_{number}.py"))
        begin.wait()
        return location.change(lambda store: store.add(run, now=NOW))

    samples = str(Path(sys.modules["history_samples"].__file__ or "").parent)
    with ThreadPoolExecutor(PUSHERS) as threads:
        recorded = [threads.submit(record, number) for number in range(PUSHERS)]
        killed = subprocess.Popen(
            [sys.executable, "-c", KILLED],
            cwd=killed_in,
            env={"PATH": f"{programs}:/usr/bin:/bin", "PYTHONPATH": samples, "HOME": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert killed.stdout is not None
        assert killed.stdout.readline() == "ready\n"
        begin.wait()
        killed.communicate("\n", timeout=60)
        assert [one.result() for one in recorded] == [(1, "")] * PUSHERS
    assert killed.returncode == -signal.SIGKILL
    store = BranchLocation(BRANCH, folders[0]).open()
    assert store is not None
    with store:
        assert store.paths(HERE) - {"killed.py"} == {f"test_{number}.py" for number in range(PUSHERS)}
