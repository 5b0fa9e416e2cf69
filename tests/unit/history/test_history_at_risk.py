"""Real processes that write to one history at once, or are killed while they do."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from history_samples import HERE, NOW, file_run, run_of

from ci_toolkit.history.locations import add_run, open_history

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
run = msgspec.structs.replace(run_of(*files), jobs=die())
with SqliteHistory(Path(sys.argv[1])) as history:
    history.add(run, now=NOW + 1)
"""

WRITER = """
import sys
from history_samples import NOW, file_run, run_of
from ci_toolkit.history.locations import add_run

for number in range(15):
    path = f"{sys.argv[2]}-{number}.py"
    add_run(sys.argv[1], run_of(file_run({"t": 1.0}, path=path), file_run({"t": 1.0}, at=NOW + number)), now=NOW + 99)
"""


def python(code: str, *args: str) -> subprocess.Popen[str]:
    path = f"import sys; sys.path.insert(0, {str(SAMPLES)!r})\n"
    return subprocess.Popen([sys.executable, "-c", path + code, *args], stderr=subprocess.PIPE, text=True)


def test_killed_in_the_middle_of_writing_leaves_the_old_history(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    add_run(str(path), run_of(file_run({"t": 1.0}, path="0.py"), file_run({"t": 1.0}, path="old.py")), now=NOW)
    writer = python(KILLED_IN_THE_TRANSACTION, str(path))
    _, said = writer.communicate(timeout=120)
    assert writer.returncode == -signal.SIGKILL, said
    assert path.with_name("history.sqlite-journal").exists(), "it was not killed in the middle"
    store = open_history(str(path))
    assert store is not None
    with store:
        assert store.paths(HERE) == {"0.py", "old.py"}
        assert [run.at for run in store.file_runs(HERE)] == [NOW, NOW]
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
