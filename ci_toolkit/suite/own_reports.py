"""In pytest: keeps a shard from writing report files that the suite's own options ask for; the merge has the whole."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_toolkit.files import make_folder
from ci_toolkit.model.own_settings import OwnReport
from ci_toolkit.suite.ini_values import ini_value
from ci_toolkit.suite.part_reports import PartReports

OWN_REPORTS: pytest.StashKey[tuple[OwnReport, ...]] = pytest.StashKey()
_PARTS = (
    ("htmlpath", "--html", ""),  # pytest-html
    ("report_log", "--report-log", ""),  # pytest-reportlog
    ("json_report_file", "--json-report-file", "json_report"),
    ("csv_path", "--csv", ""),  # pytest-csv
    ("mdpath", "--md", ""),  # pytest-md
    ("cucumber_json_path", "--cucumberjson", ""),  # pytest-bdd
    ("benchmark_json", "--benchmark-json", ""),
    ("log_file", "--log-file", ""),
)
"""Options that name one file of the whole run: (attribute of pytest's options, option, attribute that switches it on).

Other plugins' are found when they have written.
"""
_WHOLE_RUN_ONLY = (
    ("clean_alluredir", "--clean-alluredir"),  # allure-pytest: a shard would remove what the others wrote
    ("junitprefix", "--junit-prefix"),  # the merge writes the JUnit file
    ("store_durations", "--store-durations"),  # pytest-split: a shard would write its part over that of the others
)
"""Options that make sense for a whole run alone."""
_COVERAGE_KINDS = ("xml", "json", "lcov", "html", "annotate", "markdown", "markdown-append")


def leave_own_reports_to_the_merge(config: pytest.Config, parts: Path, *, since: float) -> None:
    """Note the report files that the options ask for; what plugins write goes to the folder ``parts``.

    Each shard would write its part over that of the others. A file that is older than ``since``, in epoch seconds,
    is never taken away. For before the plugins that write them are configured.
    """
    files = (*_of_tests(config), *_of_plugins(config, parts), *_of_coverage(config))
    config.stash[OWN_REPORTS] = (*files, *_switched_off(config))
    others = PartReports(vars(config.option), config.invocation_params.dir, parts, since=since)
    config.add_cleanup(others.put_away)


def _of_tests(config: pytest.Config) -> Iterator[OwnReport]:
    path = getattr(config.option, "xmlpath", None)  # not there with `-p no:junitxml`
    if path:
        yield OwnReport(option="--junitxml", path=_seen_from_here(path, config))
        config.option.xmlpath = None


def _of_plugins(config: pytest.Config, parts: Path) -> Iterator[OwnReport]:
    for attribute, option, switch in _PARTS:
        path = getattr(config.option, attribute, None) or _in_the_settings(attribute, config)
        if path and (not switch or getattr(config.option, switch, False)):
            make_folder(parts)
            kind = Path if isinstance(path, Path) else str
            setattr(config.option, attribute, kind(parts / Path(path).name))
            yield OwnReport(option=option, path=_seen_from_here(str(path), config))


def _in_the_settings(attribute: str, config: pytest.Config) -> str:
    return str(ini_value(config, "log_file", "") or "") if attribute == "log_file" else ""


def _switched_off(config: pytest.Config) -> Iterator[OwnReport]:
    for attribute, option in _WHOLE_RUN_ONLY:
        if getattr(config.option, attribute, False):
            setattr(config.option, attribute, False)
            yield OwnReport(option=option)


def _of_coverage(config: pytest.Config) -> Iterator[OwnReport]:
    plugin = config.pluginmanager.get_plugin("_cov")
    asked = getattr(getattr(plugin, "options", None), "cov_report", None)
    if isinstance(asked, dict):
        for kind, path in asked.items():
            if kind in _COVERAGE_KINDS:
                yield OwnReport(option=f"--cov-report={kind}", path=_seen_from_here(path or "", config))


def _seen_from_here(path: str, config: pytest.Config) -> str:
    here = config.invocation_params.dir
    return os.path.relpath(path, here) if Path(path).is_absolute() and Path(path).is_relative_to(here) else path
