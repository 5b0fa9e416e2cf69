import ast
from pathlib import Path

import pytest

from ci_toolkit.authoring.new_test import NewTestError, render_test, write_test
from ci_toolkit.lint.engine import lint_source
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.model.category import CATEGORIES


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_test_that_it_writes_breaks_no_rule(category: str) -> None:
    path = f"shop/tests/{category}/test_user_session.py"
    source = render_test(feature="user_session", category=category).encode()
    assert lint_source(source, path=path, within=path, settings=LintSettings()).findings == ()


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_test_that_it_writes_is_python_and_fails_until_it_is_written(category: str) -> None:
    tree = ast.parse(render_test(feature="user_session", category=category))
    (test,) = [node for node in ast.walk(tree) if getattr(node, "name", "") == "test_user_session"]
    assert "pytest.fail" in ast.unparse(test)


def test_it_stands_where_the_guide_wants_it(tmp_path: Path) -> None:
    path = write_test(tmp_path, feature="user_session", category="integration", service="netra_backend")
    assert path == tmp_path / "netra_backend/tests/integration/test_user_session.py"
    assert path.is_file()


def test_a_test_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = write_test(tmp_path, feature="login", category="unit")
    path.write_text("precious\n")
    with pytest.raises(NewTestError, match="exists already"):
        write_test(tmp_path, feature="login", category="unit")
    assert path.read_text() == "precious\n"


@pytest.mark.parametrize(
    ("feature", "service"),
    [
        ("", ""),
        ("UserSession", ""),
        ("user-session", ""),
        ("../escape", ""),
        ("1st", ""),
        ("class", ""),
        ("a" * 81, ""),
        ("test_login", ""),
        ("trailing_", ""),
        ('x"""', ""),
        ("login", "../elsewhere"),
        ("login", "/etc"),
        ("login", "a//b"),
        ("login", ".git"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_and_nothing_is_written(
    tmp_path: Path, feature: str, service: str
) -> None:
    with pytest.raises(NewTestError):
        write_test(tmp_path, feature=feature, category="unit", service=service)
    assert list(tmp_path.iterdir()) == []
