"""CIT011: a test that may be run again says why it is flaky and what will be done."""

import ast
import re
from collections.abc import Iterator

from ci_toolkit.lint.module import Module
from ci_toolkit.lint.names import dotted
from ci_toolkit.lint.rules import FLAKY_WITHOUT_REASON
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_WORD = re.compile(r"[^\W\d_]{2,}")
_ABOUT_FLAKINESS = re.compile(r"flak|unstable|race|intermittent|sometimes|rerun|retry", re.IGNORECASE)
_FLAKY = frozenset({"flaky.flaky", "flaky.flaky_decorator.flaky"})


def without_reason(module: Module, _settings: LintSettings) -> Iterator[Violation]:
    """Find flaky markers with no ``reason=``, no comment beside or above, and no word on it in the test."""
    if not module.triggers.of(Trigger.FLAKY):
        return
    holders: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]
    holders = [made.node for made in module.classes] + [function.node for function in module.functions]
    for node in holders:
        if not module.triggers.touch(Trigger.FLAKY, node):
            continue
        for decorator in node.decorator_list:
            if _is_flaky(decorator, module) and not _has_reason(decorator, node, module):
                yield violation_at(decorator, FLAKY_WITHOUT_REASON, f"{node.name} is flaky without a reason")
    for mark in module.marks:
        if mark.name == "flaky" and not _explained(mark.node.lineno, mark.node.end_lineno or mark.node.lineno, module):
            yield violation_at(mark.node, FLAKY_WITHOUT_REASON, "Every test of the file is flaky without a reason")


def _is_flaky(decorator: ast.expr, module: Module) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    origin = dotted(target, module.scope)
    return origin == "pytest.mark.flaky" or origin in _FLAKY


def _has_reason(
    decorator: ast.expr, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, module: Module
) -> bool:
    if isinstance(decorator, ast.Call) and any(keyword.arg == "reason" for keyword in decorator.keywords):
        return True
    if _explained(decorator.lineno, decorator.end_lineno or decorator.lineno, module):
        return True
    if _ABOUT_FLAKINESS.search(ast.get_docstring(node, clean=False) or ""):
        return True
    inside = range(decorator.lineno, (node.end_lineno or node.lineno) + 1)
    return any(_ABOUT_FLAKINESS.search(text) for line, text in module.comments.items() if line in inside)


def _explained(first: int, last: int, module: Module) -> bool:
    """Whether a comment with words stands on the lines or right above them."""
    beside = range(first - 1, last + 1)
    return any(_WORD.search(text) for line, text in module.comments.items() if line in beside)
