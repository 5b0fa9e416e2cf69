"""The framework's fixtures and markers are there in a project that has adopted ci-toolkit, and only there."""

from pathlib import Path

import pytest

from ci_toolkit.test_framework.adoption import is_adopted


@pytest.mark.parametrize(
    ("text", "adopted"),
    [
        ("[tool.ci-toolkit]\n", True),
        ("[project]\nname = 'x'\n\n[tool.ci-toolkit.services.backend]\nport = 1\n", True),
        ('[tool."ci-toolkit".lint]\n', True),
        ("[[tool.ci-toolkit.things]]\n", True),
        ("# [tool.ci-toolkit]\n", False),
        ("[tool.ci-toolkitten]\n", False),
        ("[tool.pytest.ini_options]\n", False),
    ],
)
def test_a_section_of_its_own_adopts_ci_toolkit(tmp_path: Path, text: str, adopted: bool) -> None:  # noqa: FBT001 (a table)
    (tmp_path / "pyproject.toml").write_text(text)
    assert is_adopted(tmp_path) is adopted


def test_the_nearest_pyproject_decides_and_the_repository_is_the_end(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit]\n")
    inner = tmp_path / "service" / "tests"
    inner.mkdir(parents=True)
    assert is_adopted(inner)
    (tmp_path / "service" / ".git").mkdir()
    assert not is_adopted(inner)
