from collections.abc import Collection, Mapping

import pytest

from ci_toolkit.cli.extras import is_installed, require_extras
from ci_toolkit.cli.plan import command as plan
from ci_toolkit.cli.run import command as run
from ci_toolkit.errors import ExitCode, MissingExtraError

UNUSED: dict[str, object] = {
    "parallel": False,
    "workers": None,
    "coverage": False,
    "coverage_threshold": None,
    "diff_threshold": None,
    "category_thresholds": (),
    "algorithm": "files",
}


def advice_on(given: Mapping[str, object], installed: Collection[str] = ()) -> str:
    try:
        require_extras({**UNUSED, **given}, is_installed=lambda package: package in installed)
    except MissingExtraError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("given", "option", "package", "extra"),
    [
        ({"parallel": True}, "--parallel", "pytest-xdist", "xdist"),
        ({"workers": 4}, "--workers", "pytest-xdist", "xdist"),
        ({"coverage": True}, "--coverage", "pytest-cov", "coverage"),
        ({"coverage_threshold": 80.0}, "--coverage-threshold", "pytest-cov", "coverage"),
        ({"diff_threshold": 90.0}, "--diff-threshold", "pytest-cov", "coverage"),
        ({"coverage_threshold": 0.0}, "--coverage-threshold", "pytest-cov", "coverage"),
        ({"category_thresholds": ("unit=80",)}, "--category-threshold", "pytest-cov", "coverage"),
        ({"algorithm": "least_duration"}, "--algorithm", "pytest-split", "split"),
    ],
)
def test_an_option_without_its_extra_says_what_to_install(
    given: Mapping[str, object], option: str, package: str, extra: str
) -> None:
    message = advice_on(given)
    assert f"{option} needs {package}" in message
    assert f"pip install 'ci-toolkit[{extra}]'" in message
    assert not advice_on(given, installed=[package])


def test_a_missing_extra_is_an_error_of_usage() -> None:
    assert MissingExtraError.exit_code is ExitCode.USAGE


def test_no_extra_is_asked_for_where_its_option_is_not_used() -> None:
    assert not advice_on({})


def test_a_package_counts_as_installed_by_its_metadata() -> None:
    assert is_installed("pytest")
    assert not is_installed("no-package-has-this-name")


def test_every_parameter_that_needs_an_extra_is_one_of_a_command() -> None:
    assert set(UNUSED) <= {param.name for param in (*run.params, *plan.params)}
