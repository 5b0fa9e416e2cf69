import os
import subprocess
import sys

import pytest

PROGRAM = """
import coverage
from ci_toolkit.suite.running_coverage import running_coverage, tells_contexts_apart

measuring = coverage.Coverage(data_file=None)
measuring.start()
print(tells_contexts_apart(running_coverage()))
"""


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
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "COVERAGE_CORE": core},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == tells, done.stderr
