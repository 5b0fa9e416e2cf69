"""CIT007: a test waits for a condition, not for a fixed time."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from ci_toolkit.lint.bindings import FunctionNode
from ci_toolkit.lint.checks.waits import Wait, outwaits_the_clock, waits_of
from ci_toolkit.lint.module import Function, Kind, Module
from ci_toolkit.lint.names import words
from ci_toolkit.lint.rules import SLEEP
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_SUBJECT = re.compile(
    r"time_?out|raises|fail_after|move_on_after|time_?limit|deadline|timer|stop_?watch|measure|elapsed|profil|span|trace"
    r"|cancel",
    re.IGNORECASE,
)
"""Words of a ``with`` whose body sleeps because time is what the test is about."""

_MANAGERS = frozenset({("contextmanager",), ("asynccontextmanager",)})
"""Decorators, by their last word."""
_Loop = ast.While | ast.For | ast.AsyncFor
_Helpers = dict[tuple[str, str], Function]
"""Functions of the file that wait, by class (``""`` at module level) and name."""


def as_synchronisation(module: Module, _settings: LintSettings) -> Iterator[Violation]:
    """Find the fixed waits of tests, fixtures and set-up methods, outside loops that poll, and of what these call."""
    if not module.triggers.of(Trigger.SLEEP):
        return
    helpers = _helpers(module)
    waits_for_a_global = any(_makes_something(statement) for statement in module.tree.body)
    looked_at = module.functions if helpers or waits_for_a_global else module.functions_with(Trigger.SLEEP)
    seen: set[tuple[int, int]] = set()
    for function in looked_at:
        if function.kind is not Kind.OTHER:
            kind = "Test" if function.kind is Kind.TEST else "Code around tests"
            for place, name in (*_sleeps(function), *_sleeps_of_helpers(function, helpers)):
                if (place.lineno, place.col_offset) not in seen:
                    seen.add((place.lineno, place.col_offset))
                    yield violation_at(place, SLEEP, f"{kind} {function.qualname} waits a fixed time with {name}")


def _makes_something(statement: ast.stmt) -> bool:
    """Whether the module makes an object that a test could wait for."""
    return isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Call)


def _helpers(module: Module) -> _Helpers:
    return {
        (function.owner.name if function.owner else "", function.node.name): function
        for function in module.functions_with(Trigger.SLEEP)
        if function.kind is Kind.OTHER and _is_called_as_written(function) and any(_sleeps(function))
    }


def _is_called_as_written(function: Function) -> bool:
    """Whether no decorator makes something else of it; a context manager does what it says when it is entered."""
    return all(words(decorator)[-1:] in _MANAGERS for decorator in function.node.decorator_list)


def _inner(function: Function) -> _Helpers:
    """Return the functions within ``function`` that wait; what it hands to something else is not among its calls."""
    scope = function.body_scope
    nodes = [node for node in function.node.body if isinstance(node, FunctionNode)]
    made = (replace(function, node=node, scope=scope, qualname=node.name, owner=None) for node in nodes)
    return {("", one.node.name): one for one in made if _is_called_as_written(one) and any(_sleeps(one))}


def _sleeps_of_helpers(function: Function, helpers: _Helpers) -> Iterator[Wait]:
    """Find what a function of the file waits that is called for nothing else: its result is thrown away."""
    helpers = {**helpers, **_inner(function)}
    for call in (call for statement in _statements(function) for call in _calls(statement)) if helpers else ():
        chain = words(call.func)
        owner = function.owner.name if function.owner and chain[:-1] in {("self",), ("cls",)} else ""
        helper = helpers.get((owner, chain[-1])) if chain and (owner or len(chain) == 1) else None
        if helper is not None:
            yield from ((place, f"{name} in {helper.qualname}") for place, name in _sleeps(helper))


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield the calls that the statement makes for nothing else: alone, or to enter a block."""
    values = [statement.value] if isinstance(statement, ast.Expr) else []
    if isinstance(statement, ast.With | ast.AsyncWith):
        values = [item.context_expr for item in statement.items]
    for value in values:
        call = value.value if isinstance(value, ast.Await) else value
        if isinstance(call, ast.Call):
            yield call


def _sleeps(function: Function) -> Iterator[Wait]:
    scope = function.body_scope
    for statement in _statements(function):
        if clock := outwaits_the_clock(statement, scope):
            yield clock
        else:
            yield from waits_of(statement, scope)


def _statements(function: Function) -> Iterator[ast.stmt]:
    """Yield the statements that the function itself runs, without those that poll or whose subject is time."""
    pending: list[ast.AST] = list(reversed(function.node.body))
    while pending:
        node = pending.pop()
        if isinstance(node, FunctionNode | ast.ClassDef):
            continue  # code that the test hands to something else: being slow may be its purpose
        if isinstance(node, _Loop) and polls(node):
            if outwaits_the_clock(node, function.body_scope):
                yield node
            pending.extend(reversed(node.orelse))
            continue
        if isinstance(node, ast.With | ast.AsyncWith) and _is_about_time(node):
            continue
        if isinstance(node, ast.stmt):
            yield node
        pending.extend(child for child in reversed(list(ast.iter_child_nodes(node))) if holds_statements(child))


def holds_statements(node: ast.AST) -> bool:
    """Whether the node is a statement, or a part of one that holds statements."""
    return isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case)


def polls(loop: _Loop) -> bool:
    """Whether the loop asks again and again: it ends by a condition, so the sleep is its interval."""
    if isinstance(loop, ast.While) and not isinstance(loop.test, ast.Constant):
        return True
    leaving = ast.Break | ast.Return | ast.Raise
    return any(isinstance(node, leaving) for statement in loop.body for node in ast.walk(statement))


def _is_about_time(block: ast.With | ast.AsyncWith) -> bool:
    names = (word for item in block.items for word in words(item.context_expr))
    return any(_SUBJECT.search(name) for name in names)
