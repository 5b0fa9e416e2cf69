"""CIT005: a file of tests is named so that everyone, the test runner first, knows it for one."""

import re
from collections.abc import Iterator

from ci_toolkit.lint.module import Module
from ci_toolkit.lint.roles import holds_runnable_tests, is_well_named
from ci_toolkit.lint.rules import FILE_NAME
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.violation import Violation
from ci_toolkit.model.wording import number_of

_THROW_AWAY = re.compile(
    r"^(?:fix|temp|tmp|old|debug|scratch|wip|backup|bak|copy_of|quick)_(?:\w+_)?tests?(?:_\w+)?\.py$"
)
"""Names of files made in passing, after the guide's fix_test_issues.py and temp_test.py."""


def of_test_file(module: Module, settings: LintSettings) -> Iterator[Violation]:
    """Find throw-away names anywhere, and files of tests under a name that is not a test file's."""
    patterns = " or ".join(settings.file_names)
    if is_well_named(module, settings):
        return
    if is_throw_away(module.name):
        yield _whole_file(module, f"{module.name} is the name of a throw-away file, not {patterns}")
    elif holds_runnable_tests(module):
        count = number_of(len(module.tests), "test")
        yield _whole_file(module, f"{module.name} holds {count} and is not named {patterns}")


def is_throw_away(name: str) -> bool:
    """Whether the file was named in passing."""
    return _THROW_AWAY.match(name) is not None


def _whole_file(module: Module, what: str) -> Violation:
    end = module.docstring.end_lineno if module.docstring else 1
    return Violation(rule=FILE_NAME, line=1, offset=0, end_line=end or 1, message=f"{what}. {FILE_NAME.instead}")
