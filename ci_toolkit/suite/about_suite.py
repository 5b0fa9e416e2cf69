"""In pytest: what a listing tells of a suite besides its files."""

import pytest

from ci_toolkit.model.task import AboutSuite
from ci_toolkit.suite.folder_watch import FolderWatch
from ci_toolkit.suite.last_run_asked import OF_LAST_RUN
from ci_toolkit.suite.linking import imports_by_name, linking_of, step_marks_of


def about_suite(config: pytest.Config, watch: FolderWatch) -> AboutSuite:
    """Return what the options and plugins of ``config`` say, and what ``watch`` saw of folders."""
    return AboutSuite(
        root=str(config.rootpath),
        broken_folders=watch.broken,
        skipped_folders=watch.skipped,
        ignored_critical=watch.ignored,
        linking=linking_of(config),
        step_marks=step_marks_of(config.pluginmanager.get_plugins()),
        imports_by_name=imports_by_name(config),
        of_last_run=config.stash[OF_LAST_RUN],
    )
