"""What the suite's own settings say about the whole run: no shard judges or writes its part by them."""

from typing import Any

import pytest
from main_job_project import PLAIN, Project

HALVES = {
    "pkg/__init__.py": "def a():\n    return 1\n\ndef b():\n    return 2\n",
    "test_a.py": "from pkg import a\n\ndef test_a(): assert a() == 1\n",
    "test_b.py": "from pkg import b\n\ndef test_b(): assert b() == 2\n",
}
"""Each shard alone covers three of the package's four lines."""


def settings(addopts: str) -> str:
    return f"[pytest]\npythonpath = .\naddopts = {addopts}\n"


def breaches(project: Project) -> list[Any]:
    return [breach["message"] for breach in project.verdict["breaches"]]


@pytest.mark.parametrize(
    "files",
    [
        {"pytest.ini": settings("--cov=pkg --cov-fail-under=100")},
        {"pytest.ini": settings("--cov=pkg"), ".coveragerc": "[report]\nfail_under = 100\n"},
        {"pytest.ini": settings("--cov=pkg"), "pyproject.toml": "[tool.coverage.report]\nfail_under = 100\n"},
    ],
)
@pytest.mark.parametrize("extra", [(), ("--parallel",)])
def test_a_gate_of_the_suites_own_is_met_by_the_whole(
    project: Project, files: dict[str, str], extra: tuple[str, ...]
) -> None:
    project.write({**HALVES, **files})
    done = project.ci_toolkit("run", "--shards", "2", "--no-history", *extra, "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    assert project.verdict["coverage"] == {"percent": 100.0, "threshold": 100.0, "by_category": {}, "changed": None}


@pytest.mark.parametrize(
    ("rc", "addopts", "asked_by"),
    [
        ("", "--cov=pkg --cov-fail-under=90", "--cov-fail-under"),
        ("[report]\nfail_under = 90\n", "--cov=pkg", "fail_under in .coveragerc"),
    ],
)
def test_a_gate_of_the_suites_own_that_the_whole_misses_fails_the_run_and_says_whose_it_is(
    project: Project, rc: str, addopts: str, asked_by: str
) -> None:
    code = HALVES["pkg/__init__.py"] + "\ndef c():\n    return 3\n"
    project.write({**HALVES, "pkg/__init__.py": code, "pytest.ini": settings(addopts), ".coveragerc": rc})
    done = project.ci_toolkit("run", "--no-history", "--coverage-threshold", "50", "--", *PLAIN)
    assert done.returncode == 1
    assert breaches(project) == [f"coverage is 83.33%, under 90%, which {asked_by} asks for"]


@pytest.mark.parametrize("option", ["--cov-config=ci/cov.ini", "--cov-config ci/cov.ini"])
def test_the_merge_reports_by_the_coverage_settings_that_the_suite_names(project: Project, option: str) -> None:
    code = HALVES["pkg/__init__.py"] + "\ndef never():  # unreachable\n    return 3\n"
    rc = "[report]\nexclude_lines = unreachable\n"
    project.write({**HALVES, "pkg/__init__.py": code, "ci/cov.ini": rc, "pytest.ini": settings(f"--cov=pkg {option}")})
    assert project.ci_toolkit("run", "--no-history", "--", *PLAIN).returncode == 0
    assert project.verdict["coverage"]["percent"] == 100.0


@pytest.mark.parametrize("extra", [(), ("--parallel",)])
def test_the_coverage_option_measures_what_the_suite_itself_names(project: Project, extra: tuple[str, ...]) -> None:
    other = "def unused():\n    return 1\n"
    files = {"other.py": other, "test_b.py": "import other\n" + HALVES["test_b.py"]}
    project.write({**HALVES, **files, "pytest.ini": settings("--cov=pkg")})
    done = project.ci_toolkit("run", "--no-history", "--coverage", *extra, "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    assert project.verdict["coverage"]["percent"] == 100.0


def test_shards_side_by_side_keep_their_files_in_one_basetemp(project: Project) -> None:
    test = """
import pathlib, time
def test_{name}(tmp_path):
    (tmp_path / "kept").write_text("x")
    (pathlib.Path(__file__).parent / "{name}.began").touch()
    deadline = time.monotonic() + 60
    while not (pathlib.Path(__file__).parent / "{other}.began").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (tmp_path / "kept").exists()
    assert "tmp/of/tests" in str(tmp_path)
"""
    files = {"test_a.py": test.format(name="a", other="b"), "test_b.py": test.format(name="b", other="a")}
    project.write({**files, "pytest.ini": "[pytest]\naddopts = --basetemp=tmp/of/tests\n"})
    done = project.ci_toolkit("run", "--shards", "2", "--jobs", "2", "--no-history", "--", *PLAIN)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("extra", [(), ("--parallel",)])
def test_a_suite_without_pytests_cache_runs_where_warnings_are_errors(project: Project, extra: tuple[str, ...]) -> None:
    project.write({"test_a.py": "def test_a(): pass\n", "pytest.ini": "[pytest]\nfilterwarnings = error\n"})
    done = project.ci_toolkit("run", "--no-history", *extra, "--", *PLAIN, "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr


def test_report_files_that_the_suite_asks_for_hold_the_whole_run(project: Project) -> None:
    asked = "--cov=pkg --cov-report=json:of/cov.json --cov-report=xml:cov.xml --cov-report=lcov:cov.lcov"
    project.write({**HALVES, "pytest.ini": settings(f"{asked} --cov-report=html --junitxml=tests.xml")})
    done = project.ci_toolkit("run", "--shards", "2", "--no-history", "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    assert '"covered_lines":4' in (project.folder / "of/cov.json").read_text().replace(" ", "")
    assert 'lines-covered="4"' in (project.folder / "cov.xml").read_text()
    assert "LH:4" in (project.folder / "cov.lcov").read_text()
    assert (project.folder / "htmlcov/index.html").exists()
    assert (project.folder / "tests.xml").read_text().count("<testcase") == 2


@pytest.mark.parametrize("path", ["../outside.xml", "setup.py"])
def test_a_report_file_in_an_odd_place_is_left_alone_and_said(project: Project, path: str) -> None:
    before = {"setup.py": "# ours\n", "../outside.xml": "<ours/>"}
    project.write({**HALVES, **before, "pytest.ini": settings(f"--junitxml={path}")})
    done = project.ci_toolkit("run", "--shards", "2", "--no-history", "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    assert (project.folder / path).read_text() == before[path]
    told = f"--junitxml {path} of the suite's own options is not written: "
    assert [note for note in project.verdict["notes"] if note.startswith(told)]


def test_a_module_that_a_test_makes_and_removes_is_left_out_of_the_coverage_and_said(project: Project) -> None:
    made = """
import pathlib
import pkg

def test_made():
    path = pathlib.Path(pkg.__file__).with_name("made.py")
    path.write_text("X = 1\\n")
    try:
        from pkg import made
    finally:
        path.unlink()
    assert made.X == pkg.a()
"""
    project.write({**HALVES, "test_a.py": made, "pytest.ini": settings("--cov=pkg")})
    done = project.ci_toolkit("run", "--no-history", "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    assert project.verdict["coverage"]["percent"] == 100.0
    (note,) = (note for note in project.verdict["notes"] if note.startswith("coverage leaves out"))
    assert note.endswith("/pkg/made.py")


PLUGIN = """
from coverage import CoveragePlugin

class Excludes(CoveragePlugin):
    def configure(self, config):
        config.set_option("report:exclude_lines", ["def b"])

def coverage_init(reg, options):
    reg.add_configurer(Excludes())
"""


@pytest.mark.parametrize("folder", ["ci/plugins", "outside"])
def test_a_plugin_of_coverage_in_the_project_is_found_on_pytests_path_below_this_folder(
    project: Project, folder: str
) -> None:
    outside = not folder.startswith("ci")
    place = f"{project.folder}-elsewhere" if outside else folder
    project.write(
        {
            "pkg/__init__.py": HALVES["pkg/__init__.py"],
            "test_a.py": HALVES["test_a.py"],
            f"{place}/own_plugin.py": PLUGIN,
            ".coveragerc": "[run]\nplugins = own_plugin\n",
            "pytest.ini": f"[pytest]\npythonpath = . {place}\naddopts = --cov=pkg\n",
        }
    )
    done = project.ci_toolkit("run", "--shards", "1", "--no-history", "--coverage", "--", *PLAIN)
    if outside:
        assert [breach["gate"] for breach in project.verdict["breaches"]] == ["coverage-data"]
    else:
        assert (done.returncode, project.verdict["coverage"]["percent"]) == (0, 100.0), done.stdout
