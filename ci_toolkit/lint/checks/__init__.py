"""The checks behind the rules, one module a subject, and the table that runs them."""

from collections.abc import Callable, Iterator

from ci_toolkit.lint.checks import (
    agents,
    categories,
    environment,
    flaky,
    justification,
    mocks,
    naming,
    ports,
    skips,
    sleeps,
    swallowing,
)
from ci_toolkit.lint.module import Module
from ci_toolkit.lint.rules import (
    AGENT_WITHOUT_EVENTS,
    BARE_SKIP,
    DIRECT_ENVIRON,
    FILE_NAME,
    FLAKY_WITHOUT_REASON,
    HARDCODED_PORT,
    MIXED_CATEGORIES,
    MOCK_IN_E2E,
    NO_JUSTIFICATION,
    ONLY_MOCKS,
    SLEEP,
    SWALLOWED_FAILURE,
    WRONG_DIRECTORY,
)
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.violation import Violation

Check = Callable[[Module, LintSettings], Iterator[Violation]]

CHECKS: dict[str, Check] = {
    MOCK_IN_E2E.code: mocks.in_e2e,
    DIRECT_ENVIRON.code: environment.direct,
    HARDCODED_PORT.code: ports.hardcoded,
    AGENT_WITHOUT_EVENTS.code: agents.without_events,
    FILE_NAME.code: naming.of_test_file,
    MIXED_CATEGORIES.code: categories.mixed,
    SLEEP.code: sleeps.as_synchronisation,
    BARE_SKIP.code: skips.bare,
    NO_JUSTIFICATION.code: justification.missing,
    WRONG_DIRECTORY.code: categories.in_wrong_directory,
    FLAKY_WITHOUT_REASON.code: flaky.without_reason,
    ONLY_MOCKS.code: mocks.only,
    SWALLOWED_FAILURE.code: swallowing.failures,
}
"""Code to check. Every rule that reads a tree is here; the waiver rules need the other findings first."""
