"""CIT013: a test that fails says so; it does not turn its failure into a pass or a skip."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from ci_toolkit.lint.bindings import FunctionNode
from ci_toolkit.lint.checks.sleeps import holds_statements, polls
from ci_toolkit.lint.module import Function, Kind, Module
from ci_toolkit.lint.names import Scope, dotted, words
from ci_toolkit.lint.rules import SWALLOWED_FAILURE
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})
_FAILURE = frozenset({"builtins.AssertionError", "unittest.TestCase.failureException", "unittest.case.AssertionError"})
_RAISES = frozenset({"pytest.raises", "self.assertRaises", "self.assertRaisesRegex"})
_SUPPRESS = frozenset({"contextlib.suppress"})
_FAILING = frozenset({"fail", "_fail", "exit", "_exit", "abort"})
_TALKING = frozenset({"print", "warn", "warning", "info", "debug", "error", "exception", "log", "write", "print_exc"})
_SKIPS = frozenset(
    {"pytest.skip", "pytest.xfail", "unittest.SkipTest", "pytest.skip.Exception", "pytest.xfail.Exception"}
)
_SKIP_INSTEAD = (
    "Catch the one error that says what is missing (ConnectionError, ImportError, ...), or let the test fail."
)
_Block = ast.With | ast.AsyncWith
_Try = ast.Try | ast.TryStar


def failures(module: Module, _settings: LintSettings) -> Iterator[Violation]:
    """Find what catches a test's own failure and goes on, skips, or calls it expected."""
    for function in module.functions_with(Trigger.CAUGHT):
        for node, what, instead in _swallowed(function):
            yield violation_at(node, SWALLOWED_FAILURE, f"{what} in {function.qualname}", instead=instead)


def _swallowed(function: Function) -> Iterator[tuple[ast.expr | ast.stmt, str, str]]:
    scope = function.body_scope
    if function.kind is Kind.TEST and _asserts(function.node.body):
        for decorator in function.node.decorator_list:
            yield from _of_manager(decorator, function.scope, function.node.body)
    pending: list[tuple[ast.AST, bool]] = [(node, False) for node in reversed(function.node.body)]
    while pending:
        node, in_poll = pending.pop()
        if isinstance(node, FunctionNode):
            name = f"{function.qualname}.{node.name}"
            yield from _swallowed(replace(function, node=node, scope=scope, kind=Kind.OTHER, qualname=name))
            continue
        if isinstance(node, ast.ClassDef):
            continue
        if isinstance(node, _Try):
            yield from _of_try(node, scope, function.kind, in_poll=in_poll)
        elif isinstance(node, _Block) and function.kind is not Kind.OTHER:
            for manager in _managers(node):
                yield from _of_manager(manager, scope, node.body)
        in_poll = in_poll or (isinstance(node, ast.While | ast.For | ast.AsyncFor) and polls(node))
        children = [child for child in ast.iter_child_nodes(node) if holds_statements(child)]
        pending.extend((child, in_poll) for child in reversed(children))


def _of_try(node: _Try, scope: Scope, kind: Kind, *, in_poll: bool) -> Iterator[tuple[ast.expr | ast.stmt, str, str]]:
    for handler in node.handlers:
        caught = _caught(handler, scope)
        if not caught or in_poll or _expects_a_failure(node):
            continue
        place = handler.type or handler.body[0]
        if kind is not Kind.OTHER and any(_skips(statement, scope) for statement in handler.body):
            yield place, f"{_named(handler)} becomes a skip", _SKIP_INSTEAD
        elif _passes_over(node, handler, kind, is_by_name=caught is _FAILURE):
            yield place, f"{_named(handler)} passes over a failed assertion", ""
    leaving = [item for item in node.finalbody if isinstance(item, ast.Return | ast.Break | ast.Continue)]
    if leaving and kind is Kind.TEST:
        yield leaving[0], "The finally that leaves passes over every failure", ""


def _passes_over(node: _Try, handler: ast.ExceptHandler, kind: Kind, *, is_by_name: bool) -> bool:
    """Whether the handler lets a failure go; a helper's does only where it plainly drops its own assertion."""
    if not all(_is_silent(item) for item in handler.body):
        return False
    if kind is Kind.TEST:
        return is_by_name or _asserts(node.body)
    drops = not any(isinstance(item, ast.Return) for item in handler.body)
    return kind is Kind.OTHER and is_by_name and drops and (_asserts(node.body) or _is_a_managers(node.body))


def _is_a_managers(body: list[ast.stmt]) -> bool:
    """Whether somebody else's block runs there: the function is a context manager, and what it yields to may assert."""
    return any(isinstance(inner, ast.Yield) for statement in body for inner in ast.walk(statement))


def _managers(block: _Block) -> Iterator[ast.expr]:
    """Yield what the block enters, within it by ``enter_context`` too."""
    yield from (item.context_expr for item in block.items)
    for statement in block.body:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="enter_context"), args=[manager])):
                yield manager


def _of_manager(
    manager: ast.expr, scope: Scope, body: list[ast.stmt]
) -> Iterator[tuple[ast.expr | ast.stmt, str, str]]:
    if not isinstance(manager, ast.Call):
        return
    origin = dotted(manager.func, scope) or ".".join(words(manager.func))
    classes = {kind for argument in manager.args for kind in _classes(argument, scope)}
    if origin in _SUPPRESS and (_FAILURE & classes or (_asserts(body) and _BROAD & classes)):
        yield manager, "The suppress passes over a failed assertion", ""
    elif (
        origin in _RAISES and _is_own_test(body) and (_FAILURE | _BROAD) & classes and not _is_narrowed(manager, origin)
    ):
        yield manager, "An assertion of the test's own is expected to fail", ""


def _is_own_test(body: list[ast.stmt]) -> bool:
    """Whether the block asserts for itself; a single ``self.assertX(...)`` is a test of that helper."""
    if any(isinstance(inner, ast.Assert) for statement in body for inner in ast.walk(statement)):
        return True
    return len(body) > 1 and _asserts(body)


def _is_narrowed(call: ast.Call, origin: str) -> bool:
    """Whether only a failure with certain words is expected: the failure itself is the subject."""
    return origin.endswith("Regex") or any(keyword.arg in {"match", "check"} for keyword in call.keywords)


def _caught(handler: ast.ExceptHandler, scope: Scope) -> frozenset[str]:
    """Return the kind that holds an AssertionError which the handler takes: broad, or the failure by its name."""
    classes = set(_classes(handler.type, scope)) if handler.type else {"builtins.BaseException"}
    return _FAILURE if classes & _FAILURE else _BROAD if classes & _BROAD else frozenset()


def _classes(node: ast.expr, scope: Scope) -> list[str]:
    """Return the origins of the exceptions that the expression lists, by name too."""
    if isinstance(node, ast.Starred):
        node = node.value
    if isinstance(node, ast.Name) and (value := scope.value(node.id)) is not None:
        node = value
    return [dotted(item, scope) for item in (node.elts if isinstance(node, ast.Tuple) else [node])]


def _asserts(body: list[ast.stmt]) -> bool:
    """Whether the statements hold an assertion: ``assert`` or ``self.assertEqual``."""
    for statement in body:
        for node in ast.walk(statement):
            called = words(node.func) if isinstance(node, ast.Call) else ()
            if isinstance(node, ast.Assert) or (called[:1] == ("self",) and called[-1].startswith("assert")):
                return True
    return False


def _expects_a_failure(node: _Try) -> bool:
    """Whether the test fails where nothing is raised: then the handler is what it is about."""
    after = [*node.orelse, *node.body[-1:]]
    return any(isinstance(inner, ast.Raise) or _is_failing(inner) for item in after for inner in ast.walk(item))


def _is_failing(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and bool(_FAILING & set(words(node.func)[-1:]))


def _skips(statement: ast.stmt, scope: Scope) -> bool:
    for node in ast.walk(statement):
        called = node.func if isinstance(node, ast.Call) else None
        if called is not None and (dotted(called, scope) in _SKIPS or words(called) == ("self", "skipTest")):
            return True
    return False


def _is_silent(statement: ast.stmt) -> bool:
    """Whether the statement lets nobody but a reader of the output know."""
    match statement:
        case ast.Pass() | ast.Continue() | ast.Break() | ast.Return():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assert(test=ast.Constant(value=value)):
            return bool(value)
        case ast.Expr(value=ast.Call(func=function)):
            return bool(_TALKING & set(words(function)[-1:]))
    return False


def _named(handler: ast.ExceptHandler) -> str:
    return f"except {ast.unparse(handler.type)}" if handler.type else "A bare except"
