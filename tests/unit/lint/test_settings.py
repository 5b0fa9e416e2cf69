from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.config.project import project_root
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.lint.rules import RULES
from ci_toolkit.lint.settings import LintSettings, load_settings, matches, settings_from_toml


def test_a_project_without_settings_gets_every_rule() -> None:
    assert LintSettings().codes_for("tests/test_a.py") == frozenset(RULES)


def test_an_unknown_key_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match=r"no setting 'ignroe'\n.*Did you mean 'ignore'"):
        settings_from_toml({"ignroe": []}, origin="pyproject.toml")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"select": "CIT001"}, "Expected `array`"),
        ({"ports": ["5432"]}, "Expected `int`"),
        ({"ignore": ["CIT0O1"]}, "No rule has the code 'CIT0O1'"),
        ({"per-file-ignores": {"a": ["XYZ"]}}, "No rule has the code 'XYZ'"),
        ({"select": [""]}, "No rule has the code ''"),
        ({"bvj": "never"}, "Write 'complete' or 'all'"),
    ],
)
def test_a_value_that_cannot_be_used_is_an_error(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        settings_from_toml(table, origin="pyproject.toml")


def test_select_and_ignore_take_prefixes() -> None:
    settings = settings_from_toml({"select": ["CIT00"], "ignore": ["CIT009"]}, origin="x")
    assert settings.codes_for("a.py") == {f"CIT00{digit}" for digit in range(9)}


def test_codes_are_ignored_by_path() -> None:
    settings = settings_from_toml(
        {"per-file-ignores": {"tests/load": ["CIT007"], "conftest.py": ["CIT002"]}}, origin="x"
    )
    assert "CIT007" not in settings.codes_for("tests/load/deep/test_a.py")
    assert "CIT002" not in settings.codes_for("tests/conftest.py")
    assert {"CIT002", "CIT007"} <= settings.codes_for("tests/test_a.py")


def test_the_command_lines_codes_stand_on_top_of_the_files() -> None:
    settings = settings_from_toml({"ignore": ["CIT009"]}, origin="x").narrowed(select=("CIT00",), ignore=("CIT001",))
    assert settings.codes_for("a.py") == {f"CIT00{digit}" for digit in (0, 2, 3, 4, 5, 6, 7, 8)}


@pytest.mark.parametrize(
    ("path", "glob", "fits"),
    [
        ("tests/a/test_x.py", "tests/a", True),
        ("tests/a/test_x.py", "tests/a/", True),
        ("tests/a/test_x.py", "tests/*", True),
        ("tests/a/test_x.py", "test_x.py", True),
        ("tests/ab/test_x.py", "tests/a", False),
    ],
)
def test_a_glob_names_a_path_a_folder_above_it_or_its_name(path: str, glob: str, *, fits: bool) -> None:
    assert matches(path, glob) is fits


def test_settings_are_read_from_the_projects_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit.lint]\nports = [7100]\n")
    assert load_settings(tmp_path).known_ports >= {7100, 5434}


def test_names_of_test_files_follow_pytests_own_setting(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npython_files = "test_*.py tests.py"\n')
    assert load_settings(tmp_path).file_names == ("test_*.py", "tests.py")


def test_a_broken_project_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool\n")
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml cannot be read"):
        load_settings(tmp_path)


def test_the_projects_root_is_the_nearest_folder_with_a_project_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert project_root(tmp_path / "a" / "b") == tmp_path
