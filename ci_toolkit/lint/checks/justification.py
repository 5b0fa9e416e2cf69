"""CIT009: a test file says what business value it protects."""

from collections.abc import Iterator

from ci_toolkit.lint.module import Kind, Module
from ci_toolkit.lint.rules import NO_JUSTIFICATION
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.violation import Violation

_JUSTIFICATIONS = (b"business value", b"business_value", b"bvj", b"mission critical:", b"mission-critical:")
"""The guide's heading, its abbreviation, or what the guide's own mission-critical example says in its place."""


def missing(module: Module, settings: LintSettings) -> Iterator[Violation]:
    """Find the test file that belongs to a category, is complete, and justifies nothing.

    Complete means that it opens with a docstring or holds a class of tests, as the guide's template does; the guide
    writes its short examples, bare functions, without one. The setting ``bvj = "all"`` asks it of every file.
    """
    if not _has_category(module, settings) or is_justified(module.source) or not module.tests:
        return
    in_class = any(function.owner and function.kind is Kind.TEST for function in module.functions)
    if settings.bvj == "all" or module.docstring is not None or in_class:
        end = module.docstring.end_lineno if module.docstring else 1
        yield Violation(
            rule=NO_JUSTIFICATION,
            line=1,
            offset=0,
            end_line=end or 1,
            message=f"The file gives no Business Value Justification (BVJ). {NO_JUSTIFICATION.instead}",
        )


def _has_category(module: Module, settings: LintSettings) -> bool:
    if settings.category_of_directory(module.directory):
        return True
    if not module.triggers.marks_a_category(settings.categories):
        return False
    return any(mark.name in settings.categories for test in module.tests for mark in test.marks)


def is_justified(source: bytes) -> bool:
    """Whether the file says what it is worth, in whatever place."""
    lowered = source.lower()
    return any(words in lowered for words in _JUSTIFICATIONS)
