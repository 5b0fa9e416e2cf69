import importlib.util
import sys
from pathlib import Path

import pytest

from ci_toolkit.suite.linking import step_marks_of

HOOKS = """
def pytest_runtest_makereport(item, call):
    if "chain" in item.keywords and call.excinfo is not None:
        item.parent.failed_before = item
def pytest_runtest_setup(item):
    if item.get_closest_marker("chain") and getattr(item.parent, "failed_before", None):
        raise RuntimeError
"""
IN_A_CLASS = "class Steps:" + HOOKS.replace("\n", "\n    ").replace("(item", "(self, item")


def plugin_in(path: Path, text: str) -> object:
    """What a file of the project gives pytest: the module, or an object of the class in it."""
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["conftest.py", "steps.py"])
def test_the_mark_of_dependent_steps_is_read_in_any_module_of_the_project(tmp_path: Path, name: str) -> None:
    assert step_marks_of([plugin_in(tmp_path / name, HOOKS)]) == ("chain",)


def test_the_mark_is_read_where_a_class_has_the_hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = plugin_in(tmp_path / "steps.py", IN_A_CLASS)
    monkeypatch.setitem(sys.modules, "steps", module)
    assert step_marks_of([module.Steps()]) == ("chain",)  # type: ignore[attr-defined]  # a module made here


@pytest.mark.parametrize(
    "text",
    [
        HOOKS.replace("setup", "teardown"),  # nothing is asked before the next test
        HOOKS.replace("item.parent", "item"),  # nothing is remembered beyond the test
    ],
)
def test_other_hooks_link_no_tests(tmp_path: Path, text: str) -> None:
    assert step_marks_of([plugin_in(tmp_path / "conftest.py", text)]) == ()


def test_installed_plugins_are_not_read(pytestconfig: pytest.Config) -> None:
    installed = [pytestconfig.pluginmanager.get_plugin(name) for name in ("skipping", "runner", "unittest")]
    assert step_marks_of(installed) == ()
