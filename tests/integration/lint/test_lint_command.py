"""`ci-toolkit lint` as a process, on real files that are not always nice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SLEEPY = "import time\ndef test_a():\n    time.sleep(1)\n"


OBEY_PERMISSIONS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Runs a program as a root whom permissions bind like everybody else."""


def lint(folder: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-m", "ci_toolkit", "lint", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, errors="replace"
    )


def findings(folder: Path, *arguments: str) -> dict[str, list[str]]:
    answer = lint(folder, "--format", "json", *arguments)
    assert answer.returncode in {0, 1}, answer.stderr
    found: dict[str, list[str]] = {}
    for finding in json.loads(answer.stdout)["findings"]:
        found.setdefault(finding["path"], []).append(finding["code"])
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "tests").mkdir()
    return tmp_path


def test_a_clean_suite_exits_0(project: Path) -> None:
    (project / "tests" / "test_a.py").write_text("def test_a():\n    assert run()\n")
    answer = lint(project)
    assert (answer.returncode, answer.stdout) == (0, "")
    assert "0 findings in 1 file" in answer.stderr


def test_findings_exit_1_and_stand_on_standard_output(project: Path) -> None:
    (project / "tests" / "test_a.py").write_text(SLEEPY)
    answer = lint(project, "tests")
    assert answer.returncode == 1
    assert answer.stdout.startswith("tests/test_a.py:3:5: CIT007 ")


@pytest.mark.parametrize("arguments", [["no-such-folder"], ["--select", "CIT777"], ["--format", "xml"]])
def test_wrong_usage_exits_2(project: Path, arguments: list[str]) -> None:
    answer = lint(project, *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "Traceback" not in answer.stderr


def test_an_unknown_setting_exits_2_with_the_nearest_name(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.ci-toolkit.lint]\nselct = []\n")
    answer = lint(project)
    assert answer.returncode == 2
    assert "Did you mean 'select'?" in answer.stderr


UNREADABLE = {
    "syntax": b"def broken(:\n",
    "nul": b"x = 1\n\0\n",
    "utf16": "x = 1\n".encode("utf-16"),
    "undeclared latin-1": b"name = 'caf\xe9'\n",
    "unknown encoding": b"# -*- coding: klingon -*-\nx = 1\n",
    "deep parentheses": b"x = " + b"(" * 5000 + b")" * 5000 + b"\n",
    # Python 3.14 nests deeper than those before, and deeper still where no rule needs the tree.
    "deep attributes": b"time.sleep(1)\nx = a" + b".a" * 500_000 + b"\n",
    "deep operators": b"x = " + b"-" * 20_000 + b"1\n",
    "deep sum": b"x = 1" + b"+1" * 500_000 + b"\n",
}


def test_files_that_python_cannot_read_are_findings_and_the_rest_goes_on(project: Path) -> None:
    for number, content in enumerate(UNREADABLE.values()):
        (project / "tests" / f"test_{number}.py").write_bytes(content)
    (project / "tests" / "test_sleepy.py").write_text(SLEEPY)
    expected = {f"tests/test_{number}.py": ["CIT000"] for number in range(len(UNREADABLE))}
    assert findings(project) == {**expected, "tests/test_sleepy.py": ["CIT007"]}


READABLE = {
    "bom": b"\xef\xbb\xbf" + SLEEPY.encode(),
    "declared latin-1": b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + SLEEPY.encode(),
    "crlf": SLEEPY.replace("\n", "\r\n").encode(),
    "old mac": SLEEPY.replace("\n", "\r").encode(),
    "form feed": b"\x0c\n" + SLEEPY.encode(),
    "no final newline": SLEEPY.rstrip().encode(),
    "50,000 lines": b"x = 1\n" * 50_000 + SLEEPY.encode(),
}


def test_unusual_files_that_python_reads_are_looked_at(project: Path) -> None:
    for number, content in enumerate(READABLE.values()):
        (project / "tests" / f"test_{number}.py").write_bytes(content)
    assert findings(project) == {f"tests/test_{number}.py": ["CIT007"] for number in range(len(READABLE))}


def test_an_empty_file_has_nothing_to_find(project: Path) -> None:
    (project / "tests" / "test_a.py").touch()
    assert findings(project) == {}


def test_links_that_lead_nowhere_are_named_and_the_rest_goes_on(project: Path) -> None:
    tests = project / "tests"
    (tests / "test_sleepy.py").write_text(SLEEPY)
    (tests / "test_loop.py").symlink_to(tests / "test_loop.py")
    (tests / "test_gone.py").symlink_to(tests / "nothing.py")
    (tests / "again").symlink_to(tests)
    os.mkfifo(tests / "test_pipe.py")
    answer = lint(project)
    assert answer.returncode == 1
    assert answer.stdout.count("\n") == 1
    for name in ("test_loop.py", "test_gone.py", "again", "test_pipe.py"):
        assert f"not checked: tests/{name}: " in answer.stderr or f"tests/{name}: a link to a folder" in answer.stderr


def test_a_file_without_permission_is_named_and_the_rest_goes_on(project: Path) -> None:
    (project / "tests" / "test_sleepy.py").write_text(SLEEPY)
    (project / "tests" / "test_secret.py").write_text(SLEEPY)
    (project / "tests" / "test_secret.py").chmod(0)
    answer = lint(project, before=OBEY_PERMISSIONS if os.geteuid() == 0 else ())
    assert answer.stdout.count("CIT007") == 1
    assert "tests/test_secret.py: Permission denied" in answer.stderr


def test_virtual_environments_hidden_folders_and_caches_are_left_out(project: Path) -> None:
    for folder in (".venv/lib", "env", "node_modules", ".tox/py", "__pycache__"):
        (project / folder).mkdir(parents=True)
        (project / folder / "test_a.py").write_text(SLEEPY)
    (project / "env" / "pyvenv.cfg").touch()
    assert findings(project) == {}


def test_what_git_ignores_is_left_out_unless_it_is_named(project: Path) -> None:
    subprocess.run(["git", "init", "-q", str(project)], check=True, timeout=120)
    (project / ".gitignore").write_text("generated/\n")
    for folder in ("tests", "generated"):
        (project / folder).mkdir(exist_ok=True)
        (project / folder / "test_a.py").write_text(SLEEPY)
    assert findings(project) == {"tests/test_a.py": ["CIT007"]}
    assert findings(project, "generated/test_a.py") == {"generated/test_a.py": ["CIT007"]}


def test_a_hook_of_git_looks_at_the_same_files(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(project)], check=True, timeout=120)
    (project / "top.py").touch()
    (project / "tests" / "test_a.py").write_text(SLEEPY)
    monkeypatch.setenv("GIT_DIR", str(project / "elsewhere"))
    monkeypatch.setenv("GIT_GLOB_PATHSPECS", "1")
    assert findings(project) == {"tests/test_a.py": ["CIT007"]}


def test_a_file_that_is_named_twice_is_looked_at_once(project: Path) -> None:
    (project / "tests" / "test_a.py").write_text(SLEEPY)
    assert findings(project, "tests", "tests/test_a.py", ".") == {"tests/test_a.py": ["CIT007"]}


def test_many_files_on_many_cores_give_the_report_of_one(project: Path) -> None:
    for number in range(150):
        (project / "tests" / f"test_{number}.py").write_text(SLEEPY if number % 3 else "def test_a(:\n")
    reports = [lint(project, "--format", "json", "--jobs", jobs).stdout for jobs in ("1", "3")]
    assert reports[0] == reports[1]
    assert json.loads(reports[0])["files"] == 150


def test_a_file_name_cannot_write_a_line_of_its_own(project: Path) -> None:
    name = os.fsencode(project / "tests") + b"/test_\n::error::owned\x1b[2J\xff.py"
    with open(name, "wb") as file:  # noqa: PTH123 (a name that is not text)
        file.write(SLEEPY.encode())
    for form in ("text", "github"):
        answer = lint(project, "--format", form)
        assert answer.returncode == 1
        assert answer.stdout.count("\n") == 1
        assert "\x1b" not in answer.stdout


def test_findings_go_to_a_file_on_request(project: Path) -> None:
    (project / "tests" / "test_a.py").write_text(SLEEPY)
    answer = lint(project, "--format", "sarif", "--output", "lint.sarif")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert json.loads((project / "lint.sarif").read_text())["version"] == "2.1.0"


def test_the_category_of_a_directory_is_read_from_the_projects_root(project: Path) -> None:
    e2e = project / "tests" / "e2e"
    e2e.mkdir()
    (e2e / "test_a.py").write_text("from unittest.mock import patch\n@patch('a.b')\ndef test_a(b): pass\n")
    assert lint(e2e).stdout.startswith("test_a.py:2:2: CIT001 ")


def test_the_rules_are_listed_on_request(project: Path) -> None:
    answer = lint(project, "--rules")
    assert answer.returncode == 0
    assert "CIT001  mock-in-e2e" in answer.stdout


def test_a_folder_without_python_is_said_aloud(project: Path) -> None:
    answer = lint(project, "tests")
    assert answer.returncode == 0
    assert "there is no Python file to check" in answer.stderr
