"""Tests see the user's environment and not ours, and files may have any name."""

import os
import subprocess
from pathlib import Path

import pytest
from main_job_project import PLAIN, Project

RUNS_COVERAGE = """
import os, subprocess, sys

def test_coverage_run(tmp_path):
    (tmp_path / "x.py").write_text("print(1)\\n")
    subprocess.run([sys.executable, "-m", "coverage", "run", "x.py"], cwd=tmp_path, check=True)
    assert (tmp_path / ".coverage").exists()

def test_nested_pytest(tmp_path):
    (tmp_path / "test_x.py").write_text("def test_x(): pass\\n")
    options = ["-p", "no:cacheprovider", "-p", "no:asyncio", "--cov=."]
    subprocess.run([sys.executable, "-m", "pytest", *options], cwd=tmp_path, check=True)
    assert (tmp_path / ".coverage").exists()

def test_coverage_in_this_process(tmp_path, monkeypatch):
    import coverage
    monkeypatch.chdir(tmp_path)
    assert coverage.Coverage().config.data_file == ".coverage"

def test_nothing_of_ours():
    assert "COVERAGE_FILE" not in os.environ
    assert not [name for name in os.environ if name.startswith("CI_TOOLKIT")]
    assert "PYTHONHASHSEED" not in os.environ
"""
MEASURED = {
    "pkg/__init__.py": "",
    "pkg/code.py": "def here():\n    return 1\n\ndef there():\n    return 2\n\nif __name__ == '__main__':\n    there()\n",
    "test_it.py": (
        "import os, subprocess, sys\n"
        "from pkg.code import here\n"
        "def test_here(): assert here()\n"
        "def test_there(): subprocess.run([sys.executable, '-m', 'pkg.code'], check=True)\n"
        "def test_clean(): assert 'COVERAGE_FILE' not in os.environ\n"
    ),
    "conftest.py": "import sys, os\nsys.path.insert(0, os.path.dirname(__file__))\n",
}


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("--cov=.",), ("--cov=.", "-n", "2")])
def test_tests_that_measure_coverage_find_it_where_they_look(project: Project, options: tuple[str, ...]) -> None:
    project.write({"test_it.py": RUNS_COVERAGE})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN, *options)
    assert done.returncode == 0, done.stdout
    assert list(project.folder.glob(".coverage.*")) == []
    assert (project.results / "shard-1/coverage/1/.coverage").exists() == ("--cov=." in options)


@pytest.mark.parametrize("extra", [(), ("-n", "2")])
def test_coverage_of_subprocesses_is_in_the_bundle(project: Project, extra: tuple[str, ...]) -> None:
    project.write({**MEASURED, ".coveragerc": "[run]\nsource = pkg\npatch = subprocess\n"})
    done = project.ci_toolkit("run", "--shards", "1", "--coverage", "--", *PLAIN, *extra)
    assert done.returncode == 0, done.stdout
    assert project.verdict["coverage"]["percent"] == 100.0
    assert list(project.folder.glob(".coverage.*")) == []


def test_coverage_of_multiprocessing_is_in_the_bundle(project: Project) -> None:
    forks = (
        "import multiprocessing\nfrom pkg.code import here, there\n"
        "def test_here(): assert here()\n"
        "def test_there():\n"
        "    child = multiprocessing.get_context('fork').Process(target=there)\n"
        "    child.start(); child.join()\n"
        "    assert child.exitcode == 0\n"
    )
    rc = "[run]\nsource = pkg\nconcurrency = multiprocessing\n[report]\nexclude_lines = __main__\n"
    project.write({**MEASURED, "test_it.py": forks, ".coveragerc": rc})
    done = project.ci_toolkit("run", "--shards", "1", "--coverage", "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    assert project.verdict["coverage"]["percent"] == 100.0
    assert list(project.folder.glob(".coverage.*")) == []


def test_the_users_own_coverage_file_reaches_the_tests(project: Project) -> None:
    project.write({"test_it.py": "import os\ndef test_it(): assert os.environ['COVERAGE_FILE'] == 'mine'\n"})
    done = subprocess.run(
        project.command("run", "--shards", "1", "--", *PLAIN),
        cwd=project.folder,
        env={**project.environment(), "COVERAGE_FILE": "mine"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout


# --- names that are not UTF-8 -----------------------------------------------------------------------

NO_CACHE = ("-p", "no:cacheprovider")  # pytest's own cannot write such names


def write_bytes_name(folder: Path, name: bytes, text: str) -> None:
    path = folder / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_folders_and_files_whose_names_are_not_utf8_run_in_whatever_shard(project: Project) -> None:
    project.write({"test_b.py": "def test_a(): pass\n"})
    write_bytes_name(project.folder, b"d\xff/test_y.py", "def test_y(): pass\ndef test_z(): assert 0\n")
    write_bytes_name(project.folder, b"\xe9t\xe9/sub/test_x.py", "def test_x(): pass\n")
    write_bytes_name(project.folder, b"test_\xfc.py", "import os\ndef test_u(): os._exit(9)\ndef test_v(): pass\n")
    done = project.ci_toolkit("run", "--shards", "2", "--", *PLAIN, *NO_CACHE, "--import-mode=importlib")
    assert done.returncode == 1, done.stdout + done.stderr
    counts = project.verdict["counts"]
    assert (counts["passed"], counts["failed"], counts["errors"], counts["lost"]) == (4, 1, 1, 0)


def test_a_large_file_in_a_folder_whose_name_is_not_utf8_is_cut(project: Project) -> None:
    write_bytes_name(project.folder, b"d\xff/test_y.py", "".join(f"def test_{n}(): pass\n" for n in range(40)))
    done = project.ci_toolkit("run", "--shards", "2", "--", *PLAIN, *NO_CACHE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.verdict["counts"]["passed"] == 40
    assert "1 cut file, its pieces add up" in project.verdict["proof"]["statement"]


def test_a_project_below_a_folder_whose_name_is_not_utf8_runs(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"p\xff")
    folder.mkdir()
    project = Project(folder)
    project.write({"sub/test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n"})
    done = project.ci_toolkit("run", "--shards", "2", "--", *PLAIN, *NO_CACHE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.verdict["counts"]["passed"] == 2
