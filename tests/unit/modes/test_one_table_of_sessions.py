import collections
import configparser
import re
import tomllib
from pathlib import Path

import nox
import pytest
from ruamel.yaml import YAML

from ci_toolkit.config.categories import read_categories
from ci_toolkit.config.modes import read_modes
from ci_toolkit.nox_sessions import COMMANDS, define_sessions, sessions_of

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS = [
    classifier.rpartition(" ")[2]
    for classifier in PYPROJECT["project"]["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: \d\.\d+", classifier)
]


def noxfile_sessions() -> set[str]:
    names = re.findall(r"^@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    return {*names, *sessions_of(ROOT)}


def test_tox_runs_every_interpreter_that_pyproject_names() -> None:
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    assert [name.strip() for name in tox["tox"]["env_list"].split(",")] == PYTHONS
    assert PYPROJECT["project"]["requires-python"] == f">={PYTHONS[0]}"
    assert PYPROJECT["tool"]["mypy"]["python_version"] == PYTHONS[0]
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py{PYTHONS[0].replace('.', '')}"


def test_nox_has_a_session_for_each_category_mode_and_command() -> None:
    categories = read_categories(ROOT)
    assert set(sessions_of(ROOT)) == {*categories.names, *read_modes(ROOT, categories), *COMMANDS}


def test_one_line_in_a_noxfile_defines_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit.categories.contract]\n[tool.ci-toolkit.modes.smoke]\n")
    monkeypatch.setattr(nox.registry, "_REGISTRY", collections.OrderedDict())
    define_sessions(tmp_path, python=["3.12"], leave_out=["lint"])
    defined = nox.registry.get()
    assert {"unit", "contract", "fast_feedback", "smoke", "plan", "shard", "merge"} <= set(defined)
    assert "lint" not in defined
    assert (defined["smoke"].python, defined["smoke"].tags, defined["smoke"].default) == (["3.12"], ["mode"], False)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_the_workflow_uses_interpreters_sessions_and_categories_that_there_are(workflow: Path) -> None:
    text = workflow.read_text()
    assert set(re.findall(r'python-version: "?([\d.]+)', text)) <= set(PYTHONS)
    assert set(re.findall(r"nox -s (\w+)", text)) <= noxfile_sessions()
    assert set(re.findall(r"\btests/(\w+)", text)) <= set(read_categories(ROOT).names)


def test_mission_critical_tests_run_in_the_workflow() -> None:
    jobs = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"].values()
    steps = [step for job in jobs for step in job["steps"]]
    planned = [step["with"]["paths"] for step in steps if step.get("uses") == "./.github/actions/plan"]
    assert planned
    assert all("tests/mission_critical" in paths for paths in planned)
