import os
import subprocess
import sys

import pytest

from ci_toolkit.suite.running_coverage import core_for_contexts

PROGRAM = """
import coverage
from ci_toolkit.suite.running_coverage import running_coverage, switch_context, tells_contexts_apart

measuring = coverage.Coverage(data_file=None, config_file=False)
measuring.start()
switch_context(measuring, "one")
print(tells_contexts_apart(running_coverage()))
"""
"""Without the settings of this project: they ask for branches, which sysmon measures from Python 3.14 on only."""


@pytest.mark.parametrize(
    ("core", "tells"),
    [
        ("ctrace", "True"),
        ("pytrace", "True"),
        pytest.param(
            "sysmon",
            "False",
            marks=pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12"),
        ),
    ],
)
def test_coverage_keeps_tests_apart_where_it_hears_of_each_line_each_time(core: str, tells: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={**os.environ, "COVERAGE_CORE": core},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == tells, done.stderr


@pytest.mark.parametrize(
    ("version", "variables", "added"),
    [
        ((3, 13, 9), {}, {}),
        ((3, 14, 0), {}, {"COVERAGE_CORE": "ctrace"}),
        ((3, 14, 0), {"COVERAGE_CORE": ""}, {"COVERAGE_CORE": "ctrace"}),
        ((3, 15), {"COVERAGE_CORE": "sysmon"}, {}),
    ],
)
def test_where_the_default_core_tells_no_contexts_apart_another_is_taken(
    version: tuple[int, ...], variables: dict[str, str], added: dict[str, str]
) -> None:
    assert core_for_contexts(variables, version) == added
