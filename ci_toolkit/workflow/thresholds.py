"""The coverage that a run must reach: from the command line, and from the settings of the selected categories."""

from ci_toolkit.config.project import nearest
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.verdict.judge import Thresholds
from ci_toolkit.workflow.category_selection import CategorySelection


def thresholds_of(
    overall: float | None,
    changed_lines: float | None,
    by_category: tuple[tuple[str, float], ...],
    selection: CategorySelection,
) -> Thresholds:
    """Return the thresholds in percent. Raises ConfigurationError for the name of no category."""
    for name, _ in by_category:
        known = selection.categories.names
        if name not in known:
            raise ConfigurationError(
                f"--category-threshold names the category '{name}', which does not exist",
                advice=nearest(name, known, "categories"),
            )
    return Thresholds(
        overall=overall,
        changed_lines=changed_lines,
        by_category=dict(by_category),
        if_measured=selection.coverage_thresholds,
    )
