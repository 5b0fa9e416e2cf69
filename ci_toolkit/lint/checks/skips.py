"""CIT008: a failing test is repaired, not skipped."""

import ast
from collections.abc import Iterator

from ci_toolkit.lint.bindings import FunctionNode
from ci_toolkit.lint.checks.categories import ON_TOP
from ci_toolkit.lint.module import Function, Kind, Mark, Module, mark_of
from ci_toolkit.lint.names import Scope, dotted, walk
from ci_toolkit.lint.rules import BARE_SKIP
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_CRITICAL = frozenset({ON_TOP, "no_skip"})
_SKIPPING = frozenset({"skip", "skipif", "xfail"})
_UNITTEST_SKIPS = frozenset({"unittest.skip", "unittest.case.skip"})
_NEVER_SKIPPED = "A mission-critical test is never skipped: fix it."
_GIVE_REASON = "Say what is missing and how to get it."


def bare(module: Module, _settings: LintSettings) -> Iterator[Violation]:
    """Find skips that ignore a failure rather than name a missing condition, each place once."""
    seen: set[tuple[int, int]] = set()
    for violation in _bad_skips(module) if module.triggers.of(Trigger.SKIP) else ():
        if (violation.line, violation.offset) not in seen:
            seen.add((violation.line, violation.offset))
            yield violation


def _bad_skips(module: Module) -> Iterator[Violation]:
    for mark in module.marks:
        yield from _bad_mark(mark, "Every test of the file")
    for made in module.classes:
        if module.triggers.touch(Trigger.SKIP, made.node):
            own = made.node.decorator_list
            for mark in made.marks:
                if any(mark.node is decorator for decorator in own) or mark.node.lineno >= made.node.lineno:
                    yield from _bad_mark(mark, f"Class {made.name}")
            yield from _unittest_skips(made.node, module.scope, f"Class {made.name}")
    for function in module.functions:
        if _is_critical(function):
            yield from _of_critical_test(function, module)
        elif module.triggers.touch(Trigger.SKIP, function.node):
            yield from _in_function(function, module)
    yield from _module_level(module)


def _is_critical(function: Function) -> bool:
    return function.kind is Kind.TEST and any(mark.name in _CRITICAL for mark in function.marks)


def _of_critical_test(test: Function, module: Module) -> Iterator[Violation]:
    """Find whatever could keep the test from running: its own marks, its class's, the file's, and calls."""
    for mark in test.marks:
        if mark.name in _SKIPPING:
            what = f"{test.qualname} is mission-critical and carries {mark.name}"
            yield violation_at(mark.node, BARE_SKIP, what, instead=_NEVER_SKIPPED)
    for node, scope in module.walk_function(test, Trigger.SKIP):
        if isinstance(node, ast.Expr) and (call := _skip_call(node.value, scope)):
            what = f"{test.qualname} is mission-critical and may skip itself"
            yield violation_at(call, BARE_SKIP, what, instead=_NEVER_SKIPPED)
    yield from _unittest_skips(test.node, test.scope, test.qualname)
    yield from _marked_parameters(test)


def _in_function(function: Function, module: Module) -> Iterator[Violation]:
    for mark in function.own_marks:
        yield from _bad_mark(mark, function.qualname)
    yield from _unittest_skips(function.node, function.scope, function.qualname)
    yield from _marked_parameters(function)
    if function.kind is not Kind.OTHER:
        yield from _calls(function, module)


def _bad_mark(mark: Mark, who: str) -> Iterator[Violation]:
    if mark.name == "skip":
        yield violation_at(mark.node, BARE_SKIP, f"{who} is skipped without a condition")
    elif mark.name == "skipif":
        condition = mark.call.args[0] if mark.call and mark.call.args else mark.keyword("condition")
        if isinstance(condition, ast.Constant) and condition.value is True:
            yield violation_at(mark.node, BARE_SKIP, f"{who} is always skipped: the condition is True")
        elif mark.call is None or condition is None or _lacks_reason(mark, condition):
            yield violation_at(mark.node, BARE_SKIP, f"{who} is skipped without a reason", instead=_GIVE_REASON)
    elif mark.name == "xfail" and not _xfail_reason(mark):
        what = f"{who} is expected to fail without a reason"
        yield violation_at(mark.node, BARE_SKIP, what, instead="Fix it, or give xfail a reason that names the bug.")


def _lacks_reason(mark: Mark, condition: ast.expr) -> bool:
    is_text = isinstance(condition, ast.Constant | ast.JoinedStr)  # pytest makes a reason of a text condition
    keywords = mark.call.keywords if mark.call else []
    return not is_text and not any(keyword.arg in {"reason", None} for keyword in keywords)


def _xfail_reason(mark: Mark) -> bool:
    if mark.call is None:
        return False
    reason = mark.keyword("reason")
    if isinstance(reason, ast.Constant):
        return bool(reason.value)
    return any(keyword.arg in {"reason", "raises", "condition", None} for keyword in mark.call.keywords) or bool(
        mark.call.args
    )


def _unittest_skips(node: FunctionNode | ast.ClassDef, scope: Scope, who: str) -> Iterator[Violation]:
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if dotted(target, scope) in _UNITTEST_SKIPS:
            yield violation_at(decorator, BARE_SKIP, f"{who} is skipped without a condition")


def _marked_parameters(function: Function) -> Iterator[Violation]:
    """Find ``pytest.param(..., marks=pytest.mark.skip)`` in the decorators."""
    for decorator in function.node.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        for node, scope in walk(decorator, function.scope):
            if isinstance(node, ast.keyword) and node.arg == "marks":
                values = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
                for mark in filter(None, (mark_of(value, scope) for value in values)):
                    yield from _bad_mark(mark, f"A parameter set of {function.qualname}")


def _calls(function: Function, module: Module) -> Iterator[Violation]:
    """Find skip calls without a reason anywhere, and unconditional ones among the function's own statements."""
    body = function.node.body
    own = {id(statement): position for position, statement in enumerate(body)}
    for node, scope in module.walk_function(function, Trigger.SKIP):
        if not isinstance(node, ast.Expr) or not (call := _skip_call(node.value, scope)):
            continue
        if id(node) in own and _is_first_act(body[: own[id(node)]]):
            yield violation_at(call, BARE_SKIP, f"{function.qualname} is skipped without a condition")
        elif not _says_why(call):
            what = f"{function.qualname} is skipped without a reason"
            yield violation_at(call, BARE_SKIP, what, instead=_GIVE_REASON)


def _is_first_act(before: list[ast.stmt]) -> bool:
    """Whether nothing that could return or fail stands before: only a docstring, imports and plain assignments."""
    harmless = ast.Import | ast.ImportFrom | ast.Pass
    return all(
        isinstance(node, harmless) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in before
    )


def _skip_call(value: ast.expr, scope: Scope) -> ast.Call | None:
    if not isinstance(value, ast.Call):
        return None
    is_pytest = dotted(value.func, scope) == "pytest.skip"
    is_unittest = (
        isinstance(value.func, ast.Attribute)
        and value.func.attr == "skipTest"
        and isinstance(value.func.value, ast.Name)
        and value.func.value.id == "self"
    )
    return value if is_pytest or is_unittest else None


def _says_why(call: ast.Call) -> bool:
    reasons = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg in {"reason", "msg", None})]
    return any(not isinstance(reason, ast.Constant) or bool(reason.value) for reason in reasons)


def _module_level(module: Module) -> Iterator[Violation]:
    for statement in module.tree.body:
        if isinstance(statement, ast.Expr) and (call := _skip_call(statement.value, module.scope)):
            yield violation_at(call, BARE_SKIP, "Every test of the file is skipped without a condition")
