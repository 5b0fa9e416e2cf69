"""The suite that the campaign lets fail: forty tests, and a witness that our own plugin knows nothing of."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

FILES, TESTS_A_FILE = 5, 8
TESTS = FILES * TESTS_A_FILE

CONFTEST = """
import os

import pytest

WITNESS = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
write = os.write
seen = {}


def pytest_runtest_logreport(report):
    if os.environ.get("PYTEST_XDIST_WORKER") or not hasattr(report, "node"):
        worst = "failed" if report.failed else "skipped" if report.skipped else "passed"
        before = seen.get(report.nodeid, "passed")
        seen[report.nodeid] = worst if before == "passed" else before


@pytest.hookimpl(trylast=True)
def pytest_runtest_logfinish(nodeid):
    if nodeid in seen:
        write(WITNESS, f"{nodeid} {seen.pop(nodeid)}\\n".encode())
"""

HEADER = """
import os
import time

import pytest

HOSTILE = os.environ.get("HOSTILE", "")
RED = os.environ.get("RED") == "1"
"""

PLAIN = """
@pytest.mark.parametrize("n", range({count}))
def test_{number}(n):
    time.sleep(0.005)


def test_slow_{number}():
    time.sleep(0.08)


def test_skipped_{number}():
    pytest.skip("not here")


def test_red_{number}():
    assert not RED, "the fault that must be seen"
"""

HOSTILE = """
def test_hostile(monkeypatch):
    if HOSTILE:
        exec(open(os.path.join(os.path.dirname(__file__), "hostile", HOSTILE + ".py")).read(), globals() | {"monkeypatch": monkeypatch})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """What a hostile test does, and whether it is to blame for a red run."""

    source: str
    may_pass: bool = True


SNIPPETS = {
    "exit_0": Snippet(source="os._exit(0)", may_pass=False),
    "exit_5": Snippet(source="os._exit(5)", may_pass=False),
    "exit_74": Snippet(source="os._exit(74)", may_pass=False),
    "kill": Snippet(source="os.kill(os.getpid(), 9)", may_pass=False),
    "abort": Snippet(source="os.abort()", may_pass=False),
    "interrupt": Snippet(source="raise KeyboardInterrupt", may_pass=False),
    "sys_exit": Snippet(source="raise SystemExit(0)", may_pass=False),
    "pytest_exit": Snippet(source="pytest.exit('enough', returncode=0)", may_pass=False),
    "closed": Snippet(source="os.closerange(3, 256)"),
    "write": Snippet(source="monkeypatch.setattr(os, 'write', lambda *a: 0)"),
    "full": Snippet(
        source="def full(*a):\n    raise OSError(28, 'No space left on device')\nmonkeypatch.setattr(os, 'write', full)"
    ),
    "getpid": Snippet(source="monkeypatch.setattr(os, 'getpid', lambda: 1)"),
    "clock": Snippet(source="monkeypatch.setattr(time, 'time', lambda: 0.0)"),
    "future": Snippet(source="monkeypatch.setattr(time, 'time', lambda: 1e12)"),
    "nan": Snippet(source="monkeypatch.setattr(time, 'perf_counter', lambda: float('nan'))"),
    "fork": Snippet(source="import sys\nif os.fork() == 0:\n    os._exit(0)"),
    "chdir": Snippet(source="os.chdir('/')"),
    "environ": Snippet(source="os.environ.clear()"),
    "threads": Snippet(source="import threading\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"),
    "unlink": Snippet(
        source="import glob\nfor path in glob.glob(os.path.join(os.environ['RESULTS'], '*/journal/*')):\n    os.unlink(path)"
    ),
    "scribble": Snippet(
        source="import glob\nfor path in glob.glob(os.path.join(os.environ['RESULTS'], '*/journal/*')):\n"
        "    open(path, 'ab').write(b'{\"t\":\"start\",\"i\":99}\\n')"
    ),
}  # fmt: skip


def write_suite(folder: Path) -> None:
    """Write the project to ``folder``."""
    folder.mkdir(parents=True)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    for number in range(FILES):
        others = 4  # slow, skipped, red, and in the first file the hostile one
        count = TESTS_A_FILE - others + (number > 0)
        text = HEADER + PLAIN.format(number=number, count=count) + ("" if number else HOSTILE)
        (folder / f"test_{number}.py").write_text(textwrap.dedent(text))
    (folder / "hostile").mkdir()
    for name, snippet in SNIPPETS.items():
        (folder / "hostile" / f"{name}.py").write_text(snippet.source + "\n")
