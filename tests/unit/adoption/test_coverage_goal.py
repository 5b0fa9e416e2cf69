import tomllib

import pytest

from ci_toolkit.adoption.coverage_goal import coverage_goal


@pytest.mark.parametrize(
    ("files", "goal"),
    [
        ({}, ""),
        ({"pyproject.toml": "[tool.coverage.run]\nbranch = true\n"}, "0"),
        ({"pyproject.toml": "[tool.coverage.report]\nfail_under = 87.5\n"}, "87.5"),
        ({"pyproject.toml": "[tool.coverage.report]\nfail_under = 0\n"}, "0"),
        ({"pyproject.toml": "[tool.coverage.report]\nfail_under = 'much'\n"}, "0"),
        ({"pyproject.toml": "[tool.coverage.report]\nfail_under = 101\n"}, "0"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['--cov=a']\n"}, "0"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-ra'\n"}, ""),
        ({".coveragerc": "[run]\nbranch = 1\n[report]\nfail_under = 90\n"}, "90"),
        ({".coveragerc": ""}, "0"),
        ({".coveragerc": "no section"}, "0"),
        ({"setup.cfg": "[coverage:report]\nfail_under = 70\n"}, "70"),
        ({"setup.cfg": "[metadata]\nname = a\n[report]\nfail_under = 70\n"}, ""),
        ({"tox.ini": "[pytest]\naddopts = --cov\n"}, "0"),
        ({"pytest.ini": "[pytest]\naddopts = %(odd\n"}, ""),
    ],
)
def test_the_goal_is_what_the_settings_ask(files: dict[str, str], goal: str) -> None:
    assert coverage_goal(tomllib.loads(files.get("pyproject.toml", "")), files.get) == goal
