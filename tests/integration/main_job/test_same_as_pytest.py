import subprocess
import sys
from collections.abc import Iterable

import pytest
from main_job_project import PLAIN, Project

ODD_SUITE = {
    "pytest.ini": "[pytest]\naddopts = --doctest-modules --doctest-glob=*.rst\n",
    "conftest.py": """
import pytest

@pytest.fixture
def word(): return 'top'

class Check(pytest.Item):
    def runtest(self): assert self.path.read_text() == "good"
    def reportinfo(self): return self.path, None, self.name

class Checked(pytest.File):
    def collect(self): yield Check.from_parent(self, name=self.name, nodeid=self.nodeid)

def pytest_collect_file(file_path, parent):
    return Checked.from_parent(parent, path=file_path) if file_path.suffix == ".checked" else None
""",
    "GUIDE.rst": ">>> 1 + 1\n2\n",
    "docs/guide.rst": ">>> 1 + 1\n3\n",
    "whole.checked": "good",
    "docs/whole.checked": "bad",
    "pkg/__init__.py": "",
    "pkg/code.py": 'def double(x):\n    """\n    >>> double(2)\n    4\n    """\n    return 2 * x\n\ndef test_is_no_test(): assert 0\n',
    "tests/one/conftest.py": "import pytest\n\n@pytest.fixture\ndef word(): return 'one'\n",
    "tests/one/__init__.py": "",
    "tests/one/test_same.py": "def test_word(word): assert word == 'one'\n",
    "tests/two/__init__.py": "",
    "tests/two/test_same.py": "def test_word(word): assert word == 'top'\n",
    "tests/test_ids.py": """
import pytest

IDS = ["a b", "new\\nline", 'quo"te', "it's", "a::b", "[x]", "ünïcode", "x" * 10_000, "a/b.py", "::error::x", "]]>", "<&>"]

@pytest.mark.parametrize("value", range(len(IDS)), ids=IDS)
def test_id(value): assert value != 5
""",
    "tests/test_kinds.py": """
import sys, unittest
import pytest

class Old(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.ready = True
    def test_passes(self): self.assertTrue(self.ready)
    def test_fails(self): self.fail("no \\x1b[31m colour \\ud800")
    @unittest.skip("not now")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()

class TestShared:
    @pytest.fixture(scope="class")
    def box(self): return []
    def test_first(self, box): box.append(1)
    def test_second(self, box): assert box in ([1], [])

@pytest.fixture(scope="module")
def module_box(): return []
@pytest.fixture
def broken_before(): raise RuntimeError("setup")
@pytest.fixture
def broken_after():
    yield
    raise RuntimeError("teardown")

def test_setup_error(broken_before): pass
def test_teardown_error(broken_after): pass
@pytest.mark.xfail
def test_xfails(): assert 0
@pytest.mark.xfail
def test_xpasses(): pass
@pytest.mark.skipif(True, reason="reason with | pipe")
def test_skipped(): pass
def test_subtests(subtests):
    for number in range(3):
        with subtests.test(number=number): assert number != 1
def test_module_box(module_box): module_box.append(1)
""",
    "tests/test_broken.py": "import no_such_module_at_all\n",
    "tests/test_whole_file_skipped.py": "import pytest\npytest.skip('whole file', allow_module_level=True)\n",
    "tests/test_empty.py": "",
}


@pytest.mark.parametrize("shards", [1, 2, 4, 7])
def test_an_odd_suite_ends_exactly_as_under_plain_pytest(project: Project, shards: int) -> None:
    project.write(ODD_SUITE)
    expected = _one_row_a_test(project.plain_pytest())

    done = project.ci_toolkit("run", "--shards", str(shards), "--", *PLAIN)

    assert done.returncode == 1, done.stderr
    assert _one_row_a_test(project.merged()) == expected
    assert project.verdict["counts"]["lost"] == 0
    assert sum(project.merged().values()) == project.verdict["counts"]["total"]


def _one_row_a_test(rows: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    # pytest gives a subtest, and a teardown error after a pass, a row of its own; the worst row is the test's.
    rank = {"Passed": 0, "Skipped": 1, "Error": 2, "Failure": 3}
    worst: dict[tuple[str, str], str] = {}
    for classname, name, kind in rows:
        key = (classname, name)
        if key not in worst or rank[kind] > rank[worst[key]]:
            worst[key] = kind
    return {(*key, kind) for key, kind in worst.items()}


def test_a_cut_file_that_cannot_be_imported_is_one_error_in_every_report(project: Project) -> None:
    tests = "".join(f"def test_{n}(): pass\n" for n in range(40))
    project.write({"test_large.py": f"import no_such_module_at_all\n{tests}", "test_small.py": "def test_it(): pass\n"})
    done = project.ci_toolkit("run", "--shards", "4", "--", *PLAIN)
    assert len(project.json(".ci-toolkit/out/plan.json")["cuts"]) == 1
    assert done.returncode == 1
    counts = project.verdict["counts"]
    assert (counts["total"], counts["errors"], counts["passed"]) == (2, 1, 1)
    assert project.merged() == {("", "test_large", "Error"): 1, ("test_small", "test_it", "Passed"): 1}


def test_async_tests_end_as_under_plain_pytest(project: Project) -> None:
    asynchronous = """
import asyncio
import pytest

@pytest.fixture
async def box():
    await asyncio.sleep(0)
    yield [1]

@pytest.mark.asyncio
async def test_passes(box): assert box == [1]

@pytest.mark.asyncio
@pytest.mark.parametrize("value", [1, 2])
async def test_fails_once(value): assert value == 1

@pytest.mark.asyncio(loop_scope="class")
class TestLoop:
    loop = None
    async def test_first(self): TestLoop.loop = asyncio.get_running_loop()
    async def test_second(self): assert TestLoop.loop in (None, asyncio.get_running_loop())
"""
    project.write({"test_async.py": asynchronous, "test_other.py": "def test_it(): pass\n"})
    config = ("-p", "no:randomly", "-o", "asyncio_mode=auto")
    expected = project.plain_pytest("-p", "asyncio", *config)
    done = project.ci_toolkit("run", "--shards", "3", "--", *config)
    assert done.returncode == 1
    assert project.merged() == expected
    assert expected.total() == 6


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_files_of_one_base_name_end_as_under_plain_pytest(project: Project, mode: str) -> None:
    files = {f"{folder}/test_same.py": f"def test_{folder}(): assert 1\n" for folder in ("one", "two", "three")}
    project.write(files)
    expected = project.plain_pytest("--import-mode", mode)
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN, "--import-mode", mode)
    assert project.merged() == expected
    assert done.returncode == (1 if mode == "prepend" else 0)


@pytest.mark.parametrize("extra", [(), ("-n", "1")])
def test_folders_lead_imports_in_the_order_of_the_arguments(project: Project, extra: tuple[str, ...]) -> None:
    for folder in ("one", "two"):
        test = f"def test_{folder}():\n    import helper\n    assert helper.FOLDER == 'one'\n"
        project.write({f"{folder}/test_{folder}.py": test, f"{folder}/helper.py": f"FOLDER = '{folder}'\n"})
    words = ("two", "one")
    assert project.ci_toolkit("run", "--shards", "2", "--no-history", *words, "--", *PLAIN, *extra).returncode == 0
    assert project.merged() == project.plain_pytest(*words)


@pytest.mark.parametrize("shards", [1, 2])
def test_what_a_shard_imports_as_other_shards_do_counts_for_no_category(project: Project, shards: int) -> None:
    code = "def one():\n    return 1\ndef two():\n    return 2\n"
    project.write(
        {
            ".coveragerc": "[run]\nsource = pkg\n",
            "conftest.py": "",
            "pkg/__init__.py": "",
            "pkg/a.py": code,
            "pkg/b.py": code,
            "tests/unit/test_a.py": "import pkg.a\ndef test_it(): assert pkg.b.one() == 1\n",
            "tests/integration/test_b.py": "import pkg.b\ndef test_it(): assert pkg.a.two() == 2\n",
        }
    )
    thresholds = ("--category-threshold", "unit=0", "--category-threshold", "integration=0")
    done = project.ci_toolkit("run", "--shards", str(shards), "--coverage", *thresholds, "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    coverage = project.verdict["coverage"]
    assert (coverage["percent"], [part["percent"] for part in coverage["by_category"].values()]) == (75.0, [37.5, 37.5])


def test_coverage_is_judged_by_category(project: Project) -> None:
    project.write(
        {
            ".coveragerc": "[run]\nsource = pkg\n",
            "pkg/__init__.py": "",
            "pkg/code.py": "def sign(x):\n    if x < 0:\n        return -1\n    return 1\n",
            "tests/unit/test_a.py": "from pkg.code import sign\ndef test_it(): assert sign(1) == 1\n",
            "tests/integration/test_b.py": "from pkg.code import sign\ndef test_it(): assert sign(-1) == -1\n",
            "conftest.py": "import sys, os\nsys.path.insert(0, os.path.dirname(__file__))\n",
        }
    )
    run = ("run", "--shards", "2", "--coverage", "--category-threshold")
    done = project.ci_toolkit(*run, "unit=75.5", "--category-threshold", "integration=75", "--", *PLAIN)
    coverage = project.verdict["coverage"]
    assert (coverage["percent"], done.returncode) == (100.0, 1)
    assert {name: part["percent"] for name, part in coverage["by_category"].items()} == {
        "unit": 75.0,
        "integration": 75.0,
    }
    (breach,) = project.verdict["breaches"]
    assert "unit" in breach["message"]
    assert "75.5" in breach["message"]


def test_more_shards_than_tests_leave_empty_shards_that_are_no_failure(project: Project) -> None:
    project.write({"test_one.py": "def test_one(): pass\n"})
    done = project.ci_toolkit("run", "--shards", "5", "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    assert project.verdict["counts"]["passed"] == 1


def test_an_empty_suite_is_nothing_to_run(project: Project) -> None:
    assert project.ci_toolkit("run").returncode == 3


@pytest.mark.parametrize("extra", [(), ("-n", "2")])
def test_tests_and_exit_handlers_find_memory_as_under_plain_pytest(project: Project, extra: tuple[str, ...]) -> None:
    threshold = subprocess.run(
        [sys.executable, "-c", "import gc; print(gc.get_threshold())"], capture_output=True, text=True, check=True
    ).stdout.strip()
    suite = f"""
import atexit, gc

class Base: pass
class Garbage(Base): pass
del Garbage
atexit.register(lambda: open("ended", "w").close())

def test_nothing_is_left_of_the_import(): assert Base.__subclasses__() == []
def test_garbage_is_looked_for_as_ever(): assert gc.get_threshold() == {threshold}
def test_all_objects_are_seen(): assert any(found is Base for found in gc.get_objects())
"""
    project.write({"test_memory.py": suite})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN, *extra)
    assert done.returncode == 0, done.stdout
    assert (project.folder / "ended").exists()


def test_thousands_of_deselected_tests_are_gone_before_the_first_test_and_still_counted(
    project: Project,
) -> None:
    project.write(
        {
            "pytest.ini": "[pytest]\nmarkers = many\n",
            "conftest.py": """
def pytest_terminal_summary(terminalreporter):
    places = [test.nodeid for test in terminalreporter.stats["deselected"]]
    with open("places", "w") as file:
        file.write(f"{len(places)} {places[-1]}")
""",
            "test_many.py": """
import gc
import pytest

@pytest.mark.many
@pytest.mark.parametrize("x", range(2_000))
def test_many(x): pass

def test_what_is_there(): assert sum(isinstance(found, pytest.Function) for found in gc.get_objects()) == 1
""",
        }
    )
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN, "-m", "not many")
    assert done.returncode == 0, done.stdout
    assert (project.folder / "places").read_text() == "2000 test_many.py"


def test_a_suite_runs_the_same_under_xdist(project: Project) -> None:
    project.write(
        {
            f"test_{n}.py": f"import pytest\n@pytest.mark.parametrize('x', range(9))\ndef test_it(x): assert x != {n}\n"
            for n in range(4)
        }
    )
    expected = project.plain_pytest()
    done = project.ci_toolkit("run", "--shards", "2", "--", *PLAIN, "-n", "2")
    assert done.returncode == 1
    assert project.merged() == expected


@pytest.mark.parametrize("extra", [(), ("-n", "2")])
def test_coverage_equals_that_of_an_unsharded_run(project: Project, extra: tuple[str, ...]) -> None:
    project.write(
        {
            ".coveragerc": "[run]\nbranch = true\nsource = pkg\n",
            "pkg/__init__.py": "",
            "pkg/code.py": "def sign(x):\n    if x < 0:\n        return -1\n    if x > 0:\n        return 1\n    return 0\n",
            **{
                f"tests/test_{n}.py": f"from pkg.code import sign\ndef test_it(): assert sign({n}) is not None\n"
                for n in (-1, 1)
            },
            "conftest.py": "import sys, os\nsys.path.insert(0, os.path.dirname(__file__))\n",
        }
    )
    subprocess.run(
        [sys.executable, "-P", "-m", "pytest", *PLAIN, "--cov", "--cov-report=json:plain.json"],
        cwd=project.folder,
        env=project.environment(),
        check=True,
        capture_output=True,
        timeout=120,
    )
    done = project.ci_toolkit("run", "--shards", "2", "--coverage", "--", *PLAIN, *extra)
    assert done.returncode == 0, done.stdout
    ours, theirs = (
        project.json(name)["files"]["pkg/code.py"] for name in (".ci-toolkit/out/coverage.json", "plain.json")
    )
    for key in ("executed_lines", "missing_lines", "executed_branches", "missing_branches"):
        assert ours[key] == theirs[key]


@pytest.mark.parametrize(("threshold", "code"), [("80", 0), ("80.0001", 1), ("79.9", 0)])
def test_a_threshold_is_exact(project: Project, threshold: str, code: int) -> None:
    project.write(
        {
            ".coveragerc": "[run]\nsource = pkg\n",
            "pkg/__init__.py": "",
            "pkg/code.py": "def f(x):\n    if x:\n        return 1\n    y = 2\n    return y\n".replace(
                "    y = 2\n    return y\n", "    return 2\n"
            )
            + "A = 1\n",
            "test_it.py": "import sys; sys.path.insert(0, '.')\nfrom pkg.code import f\ndef test_it(): assert f(1)\n",
        }
    )
    done = project.ci_toolkit("run", "--shards", "1", "--coverage-threshold", threshold, "--", *PLAIN)
    assert project.verdict["coverage"]["percent"] == 80.0
    assert done.returncode == code


def test_what_is_switched_off_in_pytest_is_not_missed(project: Project) -> None:
    project.write(
        {
            "test_a.py": "def test_1(): pass\ndef test_2(): assert 0\n",
            "test_b.py": "def test_3(): pass\n",
            "pytest.ini": "[pytest]\naddopts = --disable-plugin-autoload -p no:terminal -p no:junitxml -p no:logging "
            "-p no:tmpdir -p no:cacheprovider\n",
        }
    )
    assert project.ci_toolkit("run", "--no-history").returncode == 1
    counts = project.verdict["counts"]
    assert (counts["passed"], counts["failed"], counts["lost"]) == (2, 1, 0)
