import subprocess
import sys
import types

import coverage
import pytest

from ci_toolkit.suite.running_coverage import running_coverage


@pytest.mark.parametrize(
    ("module", "costly"),
    [
        ("ci_toolkit.suite.shard_assignment", "coverage"),
        ("ci_toolkit.workflow.local_run", "coverage"),
        ("ci_toolkit.workflow.local_run", "http"),
        ("ci_toolkit.cli.display", "rich"),
        ("ci_toolkit.suite.assignment", "ci_toolkit.suite.shard_plugin"),
    ],
)
def test_nobody_imports_what_takes_long_and_is_not_needed(module: str, costly: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}\nprint({costly!r} in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "False\n"


def test_what_measures_is_found() -> None:
    assert running_coverage() is coverage.Coverage.current()


def test_a_module_that_a_test_put_in_the_place_of_coverage_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coverage.control", types.ModuleType("coverage.control"))
    assert running_coverage() is None
