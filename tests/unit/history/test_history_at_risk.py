"""Real processes that write to one history at once, or are killed while they do."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from history_samples import HERE, NOW, file_run, run_of
from outcome_samples import go, try_of

from ci_toolkit.history.locations import add_run, open_history, prune_history
from ci_toolkit.history.store import DamagedHistoryError

SAMPLES = Path(__file__).parent

KILLED_IN_THE_TRANSACTION = """
import os, signal
from history_samples import NOW, file_run, run_of
from ci_toolkit.history.sqlite import SqliteHistory
from pathlib import Path
import msgspec, sys

def die():
    os.kill(os.getpid(), signal.SIGKILL)
    yield

files = [file_run({f"test_{n}": 2.0 for n in range(2000)}, path=f"{n}.py", at=NOW + 1) for n in range(100)]
run = msgspec.structs.replace(run_of(*files), **{sys.argv[2]: die()})
with SqliteHistory(Path(sys.argv[1])) as history:
    history.add(run, now=NOW + 1)
"""

WRITER = """
import sys
from history_samples import NOW, file_run, run_of
from outcome_samples import go, try_of
from ci_toolkit.history.locations import add_run

for number in range(15):
    path = f"{sys.argv[2]}-{number}.py"
    add_run(sys.argv[1], run_of(file_run({"t": 1.0}, path=path), file_run({"t": 1.0}, at=NOW + number)), now=NOW + 99)
    add_run(sys.argv[1], try_of({"t": "F"}, go("t"), key=path, at=NOW + number), now=NOW + 99)
"""


def python(code: str, *args: str) -> subprocess.Popen[str]:
    path = f"import sys; sys.path.insert(0, {str(SAMPLES)!r})\n"
    return subprocess.Popen(
        [sys.executable, "-c", path + code, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("after", ["jobs", "outcomes", "judged"])
def test_killed_in_the_middle_of_writing_leaves_the_old_history(tmp_path: Path, after: str) -> None:
    path = tmp_path / "history.sqlite"
    add_run(str(path), run_of(file_run({"t": 1.0}, path="0.py"), file_run({"t": 1.0}, path="old.py")), now=NOW)
    add_run(str(path), try_of({"t": "F"}, go("t")), now=NOW)
    writer = python(KILLED_IN_THE_TRANSACTION, str(path), after)
    _, said = writer.communicate(timeout=120)
    assert writer.returncode == -signal.SIGKILL, said
    assert path.with_name("history.sqlite-journal").exists(), "it was not killed in the middle"
    store = open_history(str(path))
    assert store is not None
    with store:
        assert store.paths(HERE) == {"0.py", "old.py"}
        assert [run.at for run in store.file_runs(HERE)] == [NOW, NOW]
        with store.outcomes() as outcomes:
            assert [known.go for known in outcomes.goes("test_a.py::t")] == [go("t")]
    assert add_run(str(path), run_of(file_run({"t": 3.0}, path="new.py")), now=NOW) == (1, "")


@pytest.mark.parametrize("begins", ["new", "damaged"])
def test_merges_at_once_all_come_in(tmp_path: Path, begins: str) -> None:
    path = tmp_path / "history.sqlite"
    if begins == "damaged":
        path.write_bytes(b"half-written")
    writers = [python(WRITER, str(path), name) for name in ("one", "two", "three")]
    for writer in writers:
        _, said = writer.communicate(timeout=120)
        assert writer.returncode == 0, said
    store = open_history(str(path))
    assert store is not None
    with store:
        assert len(store.paths(HERE)) == 3 * 15 + 1
        with store.outcomes() as outcomes:
            assert len(outcomes.goes("test_a.py::t")) == 3 * 15


ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from outcome_samples import go, try_of
from history_samples import NOW
from ci_toolkit.errors import ToolkitError
from ci_toolkit.history.locations import add_run

path = Path(sys.argv[1])
room = path.stat().st_size + 30_000
resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
names = {f"test_{number}": "F" for number in range(2_000)}
try:
    add_run(str(path), try_of(names, *map(go, names), key="large"), now=NOW)
except ToolkitError as error:
    print(error.message, error.advice)
"""


def test_full_disk_is_told_and_leaves_the_old_history(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    add_run(str(path), try_of({"t": "F"}, go("t")), now=NOW)
    before = path.read_bytes()
    writer = python(ON_A_FULL_DISK, str(path))
    told, said = writer.communicate(timeout=120)
    assert "history.sqlite cannot be used" in told, said
    assert "Check the disk" in told
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["history.sqlite"]
    assert add_run(str(path), try_of({"t": "."}, key="later"), now=NOW) == (0, "")


def test_damage_that_sqlite_does_not_see_is_told_and_the_next_runs_are_recorded(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    add_run(str(path), try_of({"t": "."}), now=NOW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE first_goes SET tests = x'00'")
    store = open_history(str(path))
    assert store is not None
    with pytest.raises(DamagedHistoryError, match="is damaged"), store, store.outcomes() as outcomes:
        outcomes.passes(["test_a.py::t"], HERE, "tree")
    add_run(str(path), try_of({"u": "."}, key="next", tree="new"), now=NOW)
    prune_history(str(path), gone=[], before=0.0)
    store = open_history(str(path))
    assert store is not None
    with store, store.outcomes() as outcomes:
        assert outcomes.passes(["test_a.py::u"], HERE, "new") == {"test_a.py::u": 1}
        assert outcomes.passes(["test_a.py::t"], HERE, "tree") == {"test_a.py::t": 0}
