"""CIT011: a test that may be run again says why it is flaky and what will be done."""

import ast
import re
from collections.abc import Iterator

from ci_toolkit.lint.bindings import FunctionNode
from ci_toolkit.lint.module import Module
from ci_toolkit.lint.names import dotted
from ci_toolkit.lint.rules import FLAKY_WITHOUT_REASON
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_WORD = re.compile(r"[^\W\d_]{2,}")
_SAYS_NOTHING = re.compile(
    r"noqa[:\s]*(?:[A-Z]+\d+[,\s]*)*|type:\s*ignore|pragma:\s*no cover|todo|fixme|xxx|flaky", re.IGNORECASE
)
_ABOUT_FLAKINESS = re.compile(r"flak|unstable|race|intermittent|sometimes|rerun|retry", re.IGNORECASE)
_FLAKY = frozenset({"pytest.mark.flaky", "flaky.flaky", "flaky.flaky_decorator.flaky"})
_Holder = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def without_reason(module: Module, _settings: LintSettings) -> Iterator[Violation]:
    """Find flaky markers, wherever they stand, without a reason.

    It is a ``reason=``, a comment beside or above, or, of a decorator, a word on it in the test.
    """
    holders: dict[int, _Holder] = {}
    called: set[int] = set()
    of_module = {id(mark.node) for mark in module.marks} if module.triggers.of(Trigger.FLAKY) else set()
    for node, scope in module.walk(Trigger.FLAKY):
        if isinstance(node, FunctionNode | ast.ClassDef):
            holders |= {id(decorator): node for decorator in node.decorator_list}
        target = node.func if isinstance(node, ast.Call) else node
        if (
            id(node) in called
            or not isinstance(target, ast.Attribute | ast.Name)
            or dotted(target, scope, hops=0) not in _FLAKY
        ):
            continue
        called.add(id(target))
        assert isinstance(node, ast.expr)
        holder = holders.get(id(node))
        if not (_has_reason(node) or _explained(node, module) or (holder is not None and _tells(holder, node, module))):
            yield violation_at(node, FLAKY_WITHOUT_REASON, _message(holder, is_of_module=id(node) in of_module))


def _message(holder: _Holder | None, *, is_of_module: bool) -> str:
    if holder is not None:
        return f"{holder.name} is flaky without a reason"
    return "Every test of the file is flaky without a reason" if is_of_module else "A flaky marker has no reason"


def _has_reason(marker: ast.expr) -> bool:
    keywords = marker.keywords if isinstance(marker, ast.Call) else []
    reasons = (keyword.value for keyword in keywords if keyword.arg == "reason")
    return any(not isinstance(reason, ast.Constant) or _says(str(reason.value)) for reason in reasons)


def _tells(holder: _Holder, decorator: ast.expr, module: Module) -> bool:
    """Whether the docstring or a comment of what is decorated speaks of flakiness."""
    if _ABOUT_FLAKINESS.search(ast.get_docstring(holder, clean=False) or ""):
        return True
    inside = range(decorator.lineno, (holder.end_lineno or holder.lineno) + 1)
    return any(
        _ABOUT_FLAKINESS.search(text) and _says(text) for line, text in module.comments.items() if line in inside
    )


def _explained(marker: ast.expr, module: Module) -> bool:
    """Whether a comment with words stands on the lines or right above them."""
    beside = range(marker.lineno - 1, (marker.end_lineno or marker.lineno) + 1)
    return any(_says(text) for line, text in module.comments.items() if line in beside)


def _says(text: str) -> bool:
    return _WORD.search(_SAYS_NOTHING.sub("", text)) is not None
