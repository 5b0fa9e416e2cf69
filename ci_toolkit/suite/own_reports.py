"""In pytest: keeps a shard from writing report files that the suite's own options ask for; the merge has the whole."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_toolkit.model.journal import OwnReport

OWN_REPORTS: pytest.StashKey[tuple[OwnReport, ...]] = pytest.StashKey()
_PATHS = (
    ("xmlpath", "--junitxml"),
    ("htmlpath", "--html"),  # pytest-html
    ("report_log", "--report-log"),  # pytest-reportlog
)
"""(attribute of pytest's options, option) of those that name one file of the whole run."""
_COVERAGE_KINDS = ("xml", "json", "lcov", "html", "annotate", "markdown", "markdown-append")


def leave_own_reports_to_the_merge(config: pytest.Config) -> None:
    """Note the report files that the options ask for, and take them from the options.

    Each shard would write its part over that of the others. For before the plugins that write them are configured.
    """
    config.stash[OWN_REPORTS] = (*_of_tests(config), *_of_coverage(config))


def _of_tests(config: pytest.Config) -> Iterator[OwnReport]:
    for attribute, option in _PATHS:
        path = getattr(config.option, attribute, None)
        if path:
            setattr(config.option, attribute, None)
            yield OwnReport(option=option, path=_seen_from_here(str(path), config))


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
