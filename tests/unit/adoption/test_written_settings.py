import tomllib

import pytest
from adoption_lab import LIBRARY, WORKFLOW, Stranger

from ci_toolkit.errors import ExitCode

FUNCTIONAL = {"tests/functional/test_all.py": "", "tests/api/test_api.py": ""}
ADDED = """
[tool.ci-toolkit.categories.e2e]
directories = ["e2e", "functional"]
services = []

[tool.ci-toolkit.categories.integration]
directories = ["integration", "api"]
services = []
"""


def test_tables_are_added_after_what_is_there(stranger: Stranger) -> None:
    stranger.write(LIBRARY | FUNCTIONAL)
    assert "changed    pyproject.toml" in stranger.init()[1]
    assert stranger.text("pyproject.toml") == LIBRARY["pyproject.toml"] + ADDED


@pytest.mark.parametrize(
    "before",
    [
        LIBRARY["pyproject.toml"].rstrip(),
        "[tool.black]\nline-length = 1 # so\n",
        "tool.black.line-length = 1\n",
        '[tool]\nx = 1\n[[tool.mypy.overrides]]\nmodule = "a"\n',
        "[tool.ci-toolkit]\n# ours\n",
        '[tool.ci-toolkit.categories.unit]\ndirectories = ["unit", "fast"]\n',
        "# nothing\n",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_is_there_stays_byte_for_byte(stranger: Stranger, before: str, newline: str) -> None:
    before = before.replace("\n", newline)
    stranger.write(LIBRARY | FUNCTIONAL | {"pyproject.toml": before})
    (stranger.top / "pyproject.toml").chmod(0o600)
    assert stranger.init()[0] == 0
    after = stranger.text("pyproject.toml")
    assert after.startswith(before)
    assert after.endswith(ADDED.strip().replace("\n", newline) + newline)
    assert after.count("\n") == after.count(newline)
    assert tomllib.loads(after)["tool"]["ci-toolkit"]["categories"]["e2e"]["services"] == []
    assert (stranger.top / "pyproject.toml").stat().st_mode & 0o777 == 0o600
    assert "unchanged  pyproject.toml" in stranger.init()[1]


@pytest.mark.parametrize("before", ["tool = {x = 1}\n", "tool.ci-toolkit = {}\n"])
def test_a_table_in_one_line_is_said_with_the_lines_to_add(stranger: Stranger, before: str) -> None:
    stranger.write(LIBRARY | FUNCTIONAL | {"pyproject.toml": before})
    contents = stranger.contents()
    code, _, talked = stranger.init()
    assert code == 2
    assert "no table can be added" in talked
    assert '    directories = ["e2e", "functional"]' in talked
    assert stranger.contents() == contents


def test_a_category_that_a_team_has_or_dropped_is_not_touched(stranger: Stranger) -> None:
    own = '[tool.ci-toolkit.categories]\ne2e = false\nintegration = {directories = ["api"]}\n'
    stranger.write(LIBRARY | FUNCTIONAL | {"pyproject.toml": own})
    stranger.init()
    assert stranger.text("pyproject.toml") == own


def test_folders_whose_markers_say_something_else_are_left_alone(stranger: Stranger) -> None:
    marked = "import pytest\npytestmark = pytest.mark.unit\n"
    stranger.write(LIBRARY | {"tests/functional/test_all.py": marked, "tests/api/test_api.py": marked[:15]})
    _, _, talked = stranger.init()
    assert set(tomllib.loads(stranger.text("pyproject.toml"))["tool"]["ci-toolkit"]["categories"]) == {"integration"}
    assert '    directories = ["unit", "tests"]' in talked


def test_a_setting_that_cannot_be_used_stops_it(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {"pyproject.toml": "[tool.ci-toolkit]\nshrads = 3\n"})
    contents = stranger.contents()
    code, _, talked = stranger.init()
    assert code == 2
    assert "no setting 'shrads'" in talked
    assert stranger.contents() == contents


MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
DJANGO = {"manage.py": MANAGE, "requirements.txt": "django\n", "shop/tests.py": ""}


def test_a_django_project_for_its_own_runner_gets_what_pytest_needs(stranger: Stranger) -> None:
    stranger.write(DJANGO)
    stranger.init()
    assert tomllib.loads(stranger.text("pyproject.toml"))["tool"]["pytest"]["ini_options"] == {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "python_files": ["tests.py", "test*.py", "*_test.py"],
    }
    assert "pip install -r requirements.txt pytest-django ci-toolkit==" in stranger.text(WORKFLOW)
    assert stranger.init()[1].count("unchanged") == 3


@pytest.mark.parametrize(
    "files",
    [
        {"pytest.ini": "[pytest]\n"},
        {"tox.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = a\n"},
        {"setup.cfg": "[tool:pytest]\n"},
        {"pyproject.toml": "[tool.pytest.ini_options]\n"},
        {"manage.py": "import os\n"},
    ],
)
def test_where_pytest_is_configured_nothing_is_said_of_django(stranger: Stranger, files: dict[str, str]) -> None:
    stranger.write(DJANGO | files)
    stranger.init()
    path = stranger.top / "pyproject.toml"
    assert not path.exists() or path.read_text() == files["pyproject.toml"]


def test_a_port_of_another_service_is_not_taken(stranger: Stranger) -> None:
    row = "services: {db: {image: 'postgres:15', ports: ['8000:5432']}}\n"
    stranger.write(LIBRARY | {"compose.yml": row})
    stranger.init()
    services = tomllib.loads(stranger.text("pyproject.toml"))["tool"]["ci-toolkit"]["services"]
    assert services == {"redis": False, "clickhouse": False}
    assert "unchanged  pyproject.toml" in stranger.init()[1], "the table can be read"


@pytest.mark.parametrize(
    ("pyproject", "code"),
    [
        ("project = 1\n", ExitCode.PASSED),
        ("tool = 1\n", ExitCode.USAGE),
        ("[tool]\npytest = 'none'\n", ExitCode.USAGE),
        ("[tool]\npoetry = 1\nuv = []\npdm = 'x'\nhatch = {envs = 3}\n", ExitCode.PASSED),
        ("[tool.poetry]\ndependencies = []\ngroup = {test = 5}\n", ExitCode.PASSED),
        (
            "dependency-groups = []\n[project]\nname = 3\noptional-dependencies = 1\nclassifiers = 'x'\n",
            ExitCode.PASSED,
        ),
    ],
)
def test_another_kind_of_value_than_is_usual_is_read_over_or_refused(
    stranger: Stranger, pyproject: str, code: ExitCode
) -> None:
    django = {"manage.py": 'setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")'}
    stranger.write({"tests/test_a.py": "def test_a(): pass\n", "pyproject.toml": pyproject} | django)
    before = stranger.contents()
    assert stranger.init()[0] == code
    assert (stranger.contents() == before) is (code == ExitCode.USAGE)
