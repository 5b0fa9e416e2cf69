"""What tests do to the process that records them, by name or by descriptor, changes nothing of what is recorded."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from main_job_project import PLAIN, Project

Outcomes = Counter[tuple[str, str, str]]

CLOCK_STANDS = """
import time, pytest
@pytest.fixture(scope="module", autouse=True)
def clock():
    patch = pytest.MonkeyPatch()
    for name in ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns"):
        patch.setattr(time, name, lambda: {value})
    yield
    patch.undo()
def test_good(): pass
def test_bad(): assert 0
def test_after(): pass
"""
PATCHED = """
import builtins, hashlib, json, os, pathlib, pytest, msgspec
@pytest.fixture(scope="module", autouse=True)
def patched():
    patch = pytest.MonkeyPatch()
    {body}
    yield
    patch.undo()
def test_good(): pass
def test_bad(): assert 0
def test_after(): pass
"""
RAISE_ALL = """
    def no(*args, **options): raise OSError(28, "No space left on device")
    for name in ("getpid", "write", "pread", "ftruncate", "rename"):
        patch.setattr(os, name, no)
    patch.setattr(hashlib, "sha256", no)
    patch.setattr(json, "dumps", no)
    patch.setattr(msgspec.json, "encode", no)
    patch.setattr(msgspec.json, "Encoder", no)
"""
FAKE_MODULES = """
    import sys, types
    fake = types.ModuleType("os")
    for name, module in list(sys.modules.items()):
        if name.startswith("ci_toolkit"):
            for attribute in ("os", "time", "hashlib", "Path", "msgspec", "resource", "errno"):
                if hasattr(module, attribute):
                    patch.setattr(module, attribute, fake)
"""
STOP_EVERY_CLOCK = """
    import sys, time
    real = {id(getattr(time, name)) for name in ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns")}
    real |= {id(os.getpid), id(os.write), id(os.pread)}
    def stopped(*_): return 0
    for name, module in list(sys.modules.items()):
        if "pytest" not in name and "pluggy" not in name:
            for attribute, value in list(vars(module).items()):
                if id(value) in real:
                    patch.setattr(module, attribute, stopped)
"""
COUNTED = """
import os, time
from unittest import mock
import pytest
NAMES = ("time.time", "time.monotonic", "time.perf_counter", "os.write", "os.pread", "os.getpid")
@pytest.fixture(scope="module", autouse=True)
def clocks():
    patches = [mock.patch(name, side_effect=iter(range(3))) for name in NAMES]
    yield [patch.start() for patch in patches]
    for patch in patches: patch.stop()
def test_first(clocks): assert time.time() == 0
def test_bad(): assert time.time() == 7
def test_nobody_else_called(clocks): assert [clock.call_count for clock in clocks] == [2, 0, 0, 0, 0, 0]
"""
HOSTILE = {
    "test_clock_of_zero": CLOCK_STANDS.format(value="0.0"),
    "test_clock_in_the_future": CLOCK_STANDS.format(value="9e12"),
    "test_clock_that_is_no_number": CLOCK_STANDS.format(value='float("nan")'),
    "test_clock_that_is_a_text": CLOCK_STANDS.format(value='"noon"'),
    "test_counted_calls": COUNTED,
    "test_functions_that_raise": PATCHED.format(body=RAISE_ALL),
    "test_functions_found_in_every_module": PATCHED.format(body=STOP_EVERY_CLOCK),
    "test_modules_that_are_replaced": PATCHED.format(body=FAKE_MODULES),
    "test_nothing_has_a_length": (
        "import builtins\n"
        "def test_good(monkeypatch): monkeypatch.setattr(builtins, 'len', lambda _: 0)\n"
        "def test_bad(): assert 0\n"
    ),
    "test_zz_patches_that_stay": (
        "import os, time\n"
        "def test_good():\n    os.getpid = lambda: 4242\n    os.write = lambda *_: 0\n    time.time = lambda: -1.0\n"
        "def test_bad(): assert 0\n"
    ),
}
DESCRIPTORS = {
    "test_closed": ("import os\ndef test_close(): os.closerange(3, 256)\ndef test_bad(): assert 0\n"),
    "test_reopened": (
        "import os\nFILES = []\n"
        "def test_reopen():\n    os.closerange(3, 256)\n    FILES.extend(open(f'own-{n}.txt', 'w') for n in range(20))\n"
        "def test_bad(): assert 0\n"
        "def test_files_are_their_own(): assert [os.fstat(f.fileno()).st_size for f in FILES] == [0] * 20\n"
    ),
    "test_replaced": (
        "import os\n"
        "def test_replace():\n"
        "    own = os.open('own.txt', os.O_CREAT | os.O_RDWR)\n"
        "    for number in range(3, 64):\n        if number != own: os.dup2(own, number)\n"
        "def test_bad(): assert 0\n"
        "def test_file_is_its_own(): assert os.path.getsize('own.txt') == 0\n"
    ),
    "test_forked": (
        "import os\n"
        "def test_fork():\n    child = os.fork()\n    if not child: os._exit(0)\n    os.waitpid(child, 0)\n"
        "def test_bad(): assert 0\n"
    ),
}


def of_file(outcomes: Outcomes, name: str) -> Outcomes:
    return Counter({key: count for key, count in outcomes.items() if key[0] == name})


def ran_both_ways(folder: Path, files: Mapping[str, str], *options: str) -> tuple[Outcomes, Outcomes]:
    """Return the outcomes of plain pytest and of ci-toolkit for the same files in one process."""
    project = Project(folder)
    project.write({f"{name}.py": text for name, text in files.items()})
    plain = project.plain_pytest(*options)
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN, *options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert project.verdict["counts"]["lost"] == 0
    return plain, project.merged()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcomes, Outcomes]:
    return ran_both_ways(tmp_path_factory.mktemp("hostile"), HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_tests_patch_changes_no_outcome(hostile: tuple[Outcomes, Outcomes], name: str) -> None:
    plain, ours = hostile
    assert of_file(plain, name)[name, "test_bad", "Failure"] == 1
    assert of_file(ours, name) == of_file(plain, name)


@pytest.fixture(scope="module")
def without_descriptors(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcomes, Outcomes]:
    return ran_both_ways(tmp_path_factory.mktemp("descriptors"), DESCRIPTORS, "-s", "-p", "no:logging")


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_a_closed_descriptor_is_opened_anew_and_nothing_goes_into_the_tests_files(
    without_descriptors: tuple[Outcomes, Outcomes], name: str
) -> None:
    plain, ours = without_descriptors
    assert of_file(plain, name)[name, "test_bad", "Failure"] == 1
    assert of_file(ours, name) == of_file(plain, name)


def test_bytes_that_a_test_writes_into_the_journal_are_named_and_lose_no_other_record(project: Project) -> None:
    scribbles = (
        "import os, pathlib\n"
        "def test_scribbles():\n"
        "    for journal in pathlib.Path('.').glob('.ci-toolkit/results/*/journal/*'):\n"
        "        with journal.open('ab') as file: file.write(b'not ours')\n"
        "def test_bad(): assert 0\n"
    )
    project.write({"test_it.py": scribbles})
    assert project.ci_toolkit("run", "--shards", "1", "--", *PLAIN).returncode == 5
    assert "is garbled" in " ".join(breach["message"] for breach in project.verdict["breaches"])
    counts = project.verdict["counts"]
    assert (counts["passed"], counts["failed"], counts["lost"]) == (1, 1, 0)


def test_a_journal_that_is_taken_away_breaks_the_shard(project: Project) -> None:
    removes = (
        "import shutil\ndef test_first(): shutil.rmtree('.ci-toolkit/results/shard-1/journal')\ndef test_b(): pass\n"
    )
    project.write({"test_it.py": removes})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 5, done.stdout
    assert "the journal could not be written: No such file or directory" in done.stdout + done.stderr
    assert project.verdict["status"] != "passed"


def test_times_are_right_whatever_the_clock_of_the_tests_says(project: Project) -> None:
    body = CLOCK_STANDS.format(value="1.0").replace("def test_good(): pass", "def test_good(): ")
    stands = "import threading\n" + body.replace("def test_good(): ", "def test_good(): threading.Event().wait(0.3)")
    project.write({"test_it.py": stands})
    project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    (journal,) = (project.results / "shard-1/journal").glob("*.jsonl")
    starts = [
        float(line.partition('"at":')[2].partition("}")[0])
        for line in journal.read_text().splitlines()
        if '"t":"start"' in line
    ]
    assert 0.3 <= starts[1] - starts[0] < 30
    assert abs(starts[0] - journal.stat().st_mtime) < 600
