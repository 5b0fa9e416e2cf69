"""CIT004: a test that executes an agent looks at its WebSocket events."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase

from ci_toolkit.lint.checks.mocks import local_mocks
from ci_toolkit.lint.module import Function, Kind, Module
from ci_toolkit.lint.names import words
from ci_toolkit.lint.rules import AGENT_WITHOUT_EVENTS
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_EVENT_TYPES = frozenset({"agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"})


def without_events(module: Module, settings: LintSettings) -> Iterator[Violation]:
    """Find the tests that execute an agent while neither they nor what they call in this file mentions events."""
    for test in module.functions_with(Trigger.AGENT):
        if (
            test.kind is Kind.TEST
            and (call := _execution(test, settings))
            and not _looks_at_events(test, module, settings)
        ):
            what = f"{test.qualname} executes an agent and checks none of its events"
            yield violation_at(call, AGENT_WITHOUT_EVENTS, what)


def _execution(test: Function, settings: LintSettings) -> ast.Call | None:
    mocks, _ = local_mocks(test)
    for node in ast.walk(test.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            receiver = words(node.func.value)
            is_agent = receiver and any(fnmatchcase(receiver[-1], pattern) for pattern in settings.agent_names)
            if is_agent and node.func.attr in settings.agent_calls and receiver[0] not in mocks:
                return node
    return None


def _looks_at_events(test: Function, module: Module, settings: LintSettings) -> bool:
    """Whether the test, its fixtures or the functions of this file that it calls mention an event."""
    by_name = {function.node.name: function for function in module.functions if function.kind is not Kind.TEST}
    pending, seen = [test], {test.qualname}
    while pending:
        function = pending.pop()
        called = set(function.parameters)
        for node in ast.walk(function.node):
            if _mentions_event(node, settings):
                return True
            if isinstance(node, ast.Call) and (chain := words(node.func)):
                called.add(chain[-1])
        for name in sorted(called):
            if name in by_name and by_name[name].qualname not in seen:
                seen.add(by_name[name].qualname)
                pending.append(by_name[name])
    return False


def _mentions_event(node: ast.AST, settings: LintSettings) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return any(fnmatchcase(name.lower(), pattern) for pattern in settings.event_checks)
        case ast.Constant(value=str(text)):
            return text in _EVENT_TYPES
    return False
