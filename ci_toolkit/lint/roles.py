"""What a file is to the suite: a file of tests, what surrounds tests, or none of the rules' business."""

import ast
import re
from fnmatch import fnmatchcase

from ci_toolkit.lint.module import Module
from ci_toolkit.lint.settings import LintSettings

_TEST_FOLDERS = frozenset({"test", "tests", "testing", "t"})
_LIKE_A_TEST = re.compile(r"(?:^|_)tests?(?:_|\.py$)")
_SUPPORT = re.compile(
    r"(?:^|_)(?:base|bases|common|mixins?|abstract|shared|utils?|helpers?|support|cases?|models?|views?)(?:_|\.py$)"
)
"""Files whose test classes exist to be inherited, and application code whose names begin with test."""


def is_for_tests(module: Module, settings: LintSettings) -> bool:
    """Whether the rules on test code apply: a file of tests by name or by content, or a conftest."""
    return module.name == "conftest.py" or is_well_named(module, settings) or holds_runnable_tests(module)


def is_well_named(module: Module, settings: LintSettings) -> bool:
    """Whether the file bears the name of a file of tests."""
    return any(fnmatchcase(module.name, pattern) for pattern in settings.file_names)


def holds_runnable_tests(module: Module) -> bool:
    """Whether the file, whatever its name, holds tests for a runner rather than for other files to inherit."""
    if module.name.endswith("_test.py"):
        return bool(module.tests)
    among_tests = any(part in _TEST_FOLDERS for part in module.directory.split("/"))
    if not (among_tests or _LIKE_A_TEST.search(module.name)) or module.name in {"__init__.py", "conftest.py"}:
        return False
    if _SUPPORT.search(module.name):
        return False
    return any(test.owner is not None or _has_assert(test.node) for test in module.tests)


def _has_assert(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Assert) for inner in ast.walk(node))
