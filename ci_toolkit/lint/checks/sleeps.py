"""CIT007: a test waits for a condition, not for a fixed time."""

import ast
import re
from collections.abc import Iterator

from ci_toolkit.lint.module import Function, Kind, Module
from ci_toolkit.lint.names import FunctionNode, Scope, dotted, words
from ci_toolkit.lint.rules import SLEEP
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_BLOCKING = frozenset({"time.sleep", "gevent.sleep", "eventlet.sleep", "eventlet.greenthread.sleep"})
_AWAITED = frozenset({"asyncio.sleep", "asyncio.tasks.sleep", "anyio.sleep", "trio.sleep", "curio.sleep"})
_SUBJECT = re.compile(
    r"time_?out|raises|fail_after|move_on_after|time_?limit|deadline|timer|stop_?watch|measure|elapsed|profil|span|trace"
    r"|cancel",
    re.IGNORECASE,
)
"""Words of a ``with`` whose body sleeps because time is what the test is about."""

_Loop = ast.While | ast.For | ast.AsyncFor


def as_synchronisation(module: Module, _settings: LintSettings) -> Iterator[Violation]:
    """Find sleeps that are statements of a test, a fixture or a set-up method, outside loops that poll."""
    for function in module.functions_with(Trigger.SLEEP):
        if function.kind is not Kind.OTHER:
            for call, name in _sleeps(function):
                kind = "Test" if function.kind is Kind.TEST else "Code around tests"
                yield violation_at(call, SLEEP, f"{kind} {function.qualname} waits a fixed time with {name}")


def _sleeps(function: Function) -> Iterator[tuple[ast.Call, str]]:
    scope = function.body_scope
    pending: list[ast.AST] = list(reversed(function.node.body))
    while pending:
        node = pending.pop()
        if isinstance(node, FunctionNode | ast.ClassDef | ast.Lambda):
            continue  # code that the test hands to something else: being slow may be its purpose
        if isinstance(node, _Loop) and _polls(node):
            pending.extend(reversed(node.orelse))
            continue
        if isinstance(node, ast.With | ast.AsyncWith) and _is_about_time(node):
            continue
        if isinstance(node, ast.Expr) and (found := _sleep_statement(node.value, scope)):
            yield found
        pending.extend(child for child in reversed(list(ast.iter_child_nodes(node))) if _holds_statements(child))


def _holds_statements(node: ast.AST) -> bool:
    return isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case)


def _sleep_statement(value: ast.expr, scope: Scope) -> tuple[ast.Call, str] | None:
    awaited = isinstance(value, ast.Await)
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call):
        return None
    origin = dotted(call.func, scope)
    if origin not in (_AWAITED if awaited else _BLOCKING):
        return None
    return None if _yields_only(call) else (call, ".".join(words(call.func)))


def _yields_only(call: ast.Call) -> bool:
    """Whether the sleep is ``sleep(0)``, which lets others run and waits for no time."""
    first = call.args[0] if call.args else next((keyword.value for keyword in call.keywords), None)
    return isinstance(first, ast.Constant) and first.value == 0


def _polls(loop: _Loop) -> bool:
    """Whether the loop asks again and again: it ends by a condition, so the sleep is its interval."""
    if isinstance(loop, ast.While) and not isinstance(loop.test, ast.Constant):
        return True
    leaving = ast.Break | ast.Return | ast.Raise
    return any(isinstance(node, leaving) for statement in loop.body for node in ast.walk(statement))


def _is_about_time(block: ast.With | ast.AsyncWith) -> bool:
    names = (word for item in block.items for word in words(item.context_expr))
    return any(_SUBJECT.search(name) for name in names)
