import tomllib
from pathlib import Path

import pytest

from ci_toolkit.adoption.installation import installation
from ci_toolkit.adoption.manifest import Manifest
from ci_toolkit.adoption.repository import Installation, Manager
from ci_toolkit.adoption.tree import Tree

BUILD = '[build-system]\nrequires = ["hatchling"]\n'
PROJECT = BUILD + '[project]\nname = "my-sums"\nversion = "1"\n'
EXTRAS = PROJECT + (
    '[project.optional-dependencies]\ndocs = ["sphinx"]\ndev = ["my_sums[tests]"]\ntests = ["pytest>=8"]\n'
)
GROUPS = PROJECT + '[dependency-groups]\ndev = [{include-group = "tests"}]\ntests = ["pytest", "hypothesis"]\n'
POETRY = '[tool.poetry]\nname = "a"\n[tool.poetry.group.test]\noptional = true\n[tool.poetry.group.test.dependencies]\npytest = "*"\n'
PDM = PROJECT + '[tool.pdm.dev-dependencies]\nlint = ["ruff"]\ntest = ["pytest"]\n'
HATCH = (
    PROJECT + '[tool.hatch.envs.docs]\ndependencies = ["mkdocs"]\n[tool.hatch.envs.test]\ndependencies = ["pytest"]\n'
)
OURS = "ci-toolkit==0.1.0"


def found(tmp_path: Path, files: dict[str, str], folder: str = ".") -> Installation:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    text = files.get("pyproject.toml" if folder == "." else f"{folder}/pyproject.toml", "")
    tree = Tree(top=tmp_path, files=frozenset(files))
    return installation(Manifest(tree=tree, folder=folder, document=tomllib.loads(text)), python="3.12")


@pytest.mark.parametrize(
    ("files", "steps"),
    [
        ({}, ["pip install"]),
        ({"setup.py": ""}, ["pip install -e ."]),
        ({"pyproject.toml": PROJECT}, ["pip install -e ."]),
        ({"pyproject.toml": EXTRAS}, ["pip install -e .[tests]"]),
        ({"pyproject.toml": GROUPS}, ["uv pip install --python python -e . --group tests"]),
        ({"requirements.txt": "django\n"}, ["pip install -r requirements.txt"]),
        ({"requirements.txt": "flask\n", "manage.py": ""}, ["pip install -r requirements.txt pytest-django"]),
        (
            {"requirements.txt": "flask\n", "requirements-dev.txt": "-r requirements-test.txt\n", "requirements-test.txt": "pytest"},
            ["pip install -r requirements.txt -r requirements-test.txt"],
        ),
        (
            {"requirements/base.txt": "flask\n", "requirements/dev.txt": "-r base.txt\npytest-django\n", "requirements/prod.txt": ""},
            ["pip install -r requirements/base.txt -r requirements/dev.txt"],
        ),
        (
            {"requirements.txt": "a==1 --hash=sha256:00\n", "requirements-test.txt": "pytest\n", "setup.py": ""},
            ["pip install --require-hashes -r requirements.txt", "pip install -r requirements-test.txt -e ."],
        ),
        (
            {"setup.py": "", "setup.cfg": "[options.extras_require]\ntesting =\n  pytest\n  mock\ndocs = sphinx\n"},
            ["pip install -e .[testing]"],
        ),
        (
            {"setup.py": "", "tox.ini": "[testenv]\ndeps =\n  pytest>=8  # a comment\n  -rdev.txt\n  py39: mock\n  x{a}\n  --pre\n"},
            ["pip install -e . pytest>=8 -r dev.txt"],
        ),
        ({"setup.py": "", "tox.ini": "[testenv\n", "setup.cfg": "a"}, ["pip install -e ."]),
        ({"requirements-$(x).txt": "pytest\n"}, ["pip install -r requirements-$(x).txt"]),
        ({"pyproject.toml": '[project]\nname = "a"\n'}, ["uv pip install --python python -r pyproject.toml"]),
        ({"pyproject.toml": '[project]\nname = "a"\n', "src/b/__init__.py": ""}, ["pip install -e ."]),
        ({"pyproject.toml": '[project]\nname = "a-b"\n', "a_b/__init__.py": ""}, ["pip install -e ."]),
    ],
)  # fmt: skip
def test_pip_installs_the_project_and_what_brings_pytest(
    tmp_path: Path, files: dict[str, str], steps: list[str]
) -> None:
    told = found(tmp_path, files)
    assert told.manager is Manager.PIP
    assert [" ".join(step) for step in told.steps] == [*steps[:-1], f"{steps[-1]} {OURS}"]
    assert (told.venv, told.added) == ("", ())


@pytest.mark.parametrize(
    ("files", "manager", "step"),
    [
        ({"pyproject.toml": PROJECT, "uv.lock": ""}, Manager.UV, "uv sync --locked"),
        ({"pyproject.toml": EXTRAS, "uv.lock": ""}, Manager.UV, "uv sync --locked --extra tests"),
        ({"pyproject.toml": GROUPS, "uv.lock": ""}, Manager.UV, "uv sync --locked --group tests"),
        ({"pyproject.toml": GROUPS + "[tool.uv]\npackage = true\n"}, Manager.UV, "uv sync --group tests"),
        ({"pyproject.toml": POETRY}, Manager.POETRY, "poetry install --no-interaction --with test"),
        (
            {"pyproject.toml": POETRY.replace("optional = true\n", ""), "poetry.lock": ""},
            Manager.POETRY,
            "poetry install --no-interaction",
        ),
        ({"pyproject.toml": PDM}, Manager.PDM, "pdm install -G test"),
        ({"pyproject.toml": GROUPS, "pdm.lock": ""}, Manager.PDM, "pdm install --frozen-lockfile -G tests"),
        ({"pyproject.toml": HATCH}, Manager.HATCH, "hatch env create test"),
        (
            {"pyproject.toml": PROJECT + "[tool.hatch.envs.hatch-test]\n"},
            Manager.HATCH,
            "hatch env create hatch-test.py3.12",
        ),
    ],
)
def test_a_lock_or_a_table_says_who_installs(
    tmp_path: Path, files: dict[str, str], manager: Manager, step: str
) -> None:
    told = found(tmp_path, files)
    assert told.manager is manager
    assert step in [" ".join(words) for words in told.steps]
    assert told.added == (OURS,)
    assert told.venv


def test_a_member_of_a_uv_workspace_is_installed_where_the_lock_is(tmp_path: Path) -> None:
    told = found(tmp_path, {"uv.lock": "", "packages/a/pyproject.toml": PROJECT}, "packages/a")
    assert told.because == "uv.lock"
    assert told.venv == "$PWD/../../.venv"


def test_a_name_that_is_an_option_or_a_command_is_not_taken(tmp_path: Path) -> None:
    odd = PROJECT + '[project.optional-dependencies]\n"--index-url=x" = ["pytest"]\n"a b" = ["pytest"]\n'
    assert found(tmp_path, {"pyproject.toml": odd}).steps == (("pip", "install", "-e", ".", OURS),)
