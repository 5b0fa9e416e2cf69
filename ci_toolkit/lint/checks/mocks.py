"""CIT001 and CIT012: mocks where everything must be real, and tests of nothing but mocks."""

import ast
import builtins
import re
from collections.abc import Iterator

from ci_toolkit.lint.bindings import FunctionNode, arguments_of
from ci_toolkit.lint.checks.categories import category_of
from ci_toolkit.lint.checks.stand_ins import asked_for, made_by_fixture, stand_ins_in
from ci_toolkit.lint.module import Function, Kind, Module
from ci_toolkit.lint.names import Scope, dotted, walk, words
from ci_toolkit.lint.rules import MOCK_IN_E2E, ONLY_MOCKS
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_CLASSES = r"(?:Mock|MagicMock|AsyncMock|PropertyMock|NonCallableMock|NonCallableMagicMock|ThreadingMock)"
_MAKER = re.compile(rf"(?:^|\.)mock\.(?:{_CLASSES}|create_autospec|mock_open)$")
_PATCHER = re.compile(r"(?:^|\.)mock\.patch(?:\.(?:object|dict|multiple))?$")
_LIBRARIES = re.compile(
    r"^(?:responses\.(?:activate|RequestsMock|add|mock)|respx\.(?:mock|route|get|post)|requests_mock\.(?:Mocker|mock)"
    r"|httpretty\.(?:activate|enable|register_uri)|aioresponses\.aioresponses|moto\.mock_\w+|fakeredis\.\w+"
    r"|flexmock\.flexmock|mockito\.(?:when|mock|patch))$"
)
_MOCKER_FIXTURES = frozenset({"mocker", "class_mocker", "module_mocker", "package_mocker", "session_mocker"})
_MOCKER_METHODS = re.compile(rf"^(?:patch|{_CLASSES}|create_autospec|mock_open|stub|async_stub)$")
_MOCK_FIXTURES = frozenset({"requests_mock", "responses", "respx_mock", "httpx_mock", "aioresponses"})
_REPLACING = frozenset({"setattr", "delattr"})
_HARMLESS = frozenset(dir(builtins)) - {"open", "exec", "eval", "__import__", "compile", "input"}


def is_patch_dict(call: ast.Call, scope: Scope) -> bool:
    """Whether ``call`` is ``mock.patch.dict(...)``."""
    origin = dotted(call.func, scope)
    return bool(_PATCHER.search(origin)) and origin.endswith(".dict")


def in_e2e(module: Module, settings: LintSettings) -> Iterator[Violation]:
    """Find each mock, patch and stand-in in the tests that must be real, and in what serves only them."""
    by_directory = settings.category_of_directory(module.directory)
    if by_directory not in settings.mock_free and not module.triggers.marks_a_category(settings.mock_free):
        return
    for function in module.functions:
        if category := _mock_free_category(function, module, settings):
            for node, what in _mocks_in(function, module):
                where = f"{category} test" if function.kind is Kind.TEST else f"code of {category} tests"
                yield violation_at(node, MOCK_IN_E2E, f"{what} in {where} {function.qualname}")
    for node, what, category in _class_patches(module, settings):
        yield violation_at(node, MOCK_IN_E2E, f"{what} on a class of {category} tests")
    if by_directory in settings.mock_free:
        for node, what in _at_import(module):
            yield violation_at(node, MOCK_IN_E2E, f"{what} where {by_directory} tests are imported")


def _at_import(module: Module) -> Iterator[tuple[ast.expr | ast.arg, str]]:
    """Find what the module itself mocks or replaces, outside its functions and classes."""
    seen: set[int] = set()
    for statement in module.tree.body:
        if isinstance(statement, FunctionNode | ast.ClassDef | ast.Import | ast.ImportFrom):
            continue
        for node, what in (
            *_mock_calls(statement, module.scope, set()),
            *stand_ins_in(statement, module.scope, module),
        ):
            if node.lineno not in seen:
                seen.add(node.lineno)
                yield node, what


def _mock_free_category(function: Function, module: Module, settings: LintSettings) -> str:
    """Return the category that forbids mocks in ``function``, or ``""``."""
    served = [function] if function.kind is Kind.TEST else _served_tests(function, module)
    found = {category_of(test, module, settings) for test in served}
    if not served:
        found = {settings.category_of_directory(module.directory)}
    return min(found) if found and found <= set(settings.mock_free) else ""


def _served_tests(function: Function, module: Module) -> list[Function]:
    """Return the tests of this file that a fixture or a method of a class works for."""
    if function.kind is Kind.FIXTURE:
        return [test for test in module.tests if function.node.name in test.parameters]
    if function.owner is not None:
        return [test for test in module.tests if test.owner is function.owner]
    return []


def _mocks_in(function: Function, module: Module) -> Iterator[tuple[ast.expr | ast.arg, str]]:
    seen: set[int] = set()
    for node, what in _all_mocks_in(function, module):
        if node.lineno not in seen:
            seen.add(node.lineno)
            yield node, what


def _all_mocks_in(function: Function, module: Module) -> Iterator[tuple[ast.expr | ast.arg, str]]:
    parameters = set(function.parameters)
    for argument in arguments_of(function.node.args):
        if argument.arg in _MOCK_FIXTURES:
            yield argument, f"The mock fixture {argument.arg}"
    yield from _mock_calls(function.node, function.scope, parameters)
    for decorator in function.node.decorator_list:
        origin = dotted(decorator, function.scope)
        if _LIBRARIES.search(origin):
            yield decorator, origin
    yield from stand_ins_in(function.node, function.scope, module)
    yield from made_by_fixture(function)
    yield from asked_for(function, module)


def _mock_calls(root: ast.AST, scope: Scope, parameters: set[str]) -> Iterator[tuple[ast.expr, str]]:
    for node, inner in walk(root, scope):
        if isinstance(node, ast.Call) and (what := _mock_call(node, inner, parameters)):
            yield node, what


def _mock_call(call: ast.Call, scope: Scope, parameters: set[str]) -> str:
    """Return what the call mocks with, as its author would say it, or ``""``."""
    origin = dotted(call.func, scope)
    if _PATCHER.search(origin):
        first = call.args[0] if call.args else None
        is_environ = isinstance(first, ast.Constant) and first.value == "os.environ"
        is_environ = is_environ or (first is not None and dotted(first, scope) == "os.environ")
        return "" if is_environ else ".".join(words(call.func))  # os.environ belongs to CIT002
    if _MAKER.search(origin) or _LIBRARIES.search(origin) or origin.endswith("agent_test_helpers.mock_llm_response"):
        return ".".join(words(call.func))
    chain = words(call.func)
    if len(chain) > 1 and chain[0] in parameters:
        if chain[0] in _MOCKER_FIXTURES and _MOCKER_METHODS.search(chain[1]):
            return ".".join(chain)
        if chain[0] == "monkeypatch" and chain[1] in _REPLACING and not _patches_interpreter(call, scope):
            return ".".join(chain)
    return ""


def _patches_interpreter(call: ast.Call, scope: Scope) -> bool:
    """Whether ``monkeypatch`` changes ``sys`` or ``os``: the test's surroundings, not a part of the system."""
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant):
        return isinstance(first.value, str) and first.value.startswith(("sys.", "os."))
    return first is not None and dotted(first, scope) in {"sys", "os"}


def _class_patches(module: Module, settings: LintSettings) -> Iterator[tuple[ast.expr, str, str]]:
    for made in module.classes:
        tests = [test for test in module.tests if test.owner is made]
        categories = {category_of(test, module, settings) for test in tests}
        if not tests or not categories <= set(settings.mock_free):
            continue
        for decorator in made.node.decorator_list:
            what = _mock_call(decorator, module.scope, set()) if isinstance(decorator, ast.Call) else ""
            if what:
                yield decorator, what, min(categories)


def only(module: Module, _settings: LintSettings) -> Iterator[Violation]:
    """Find tests whose every call goes to a mock of their own making."""
    for function in module.functions_with(Trigger.MOCK):
        if function.kind is Kind.TEST and not function.parameters and _is_only_mocks(function):
            what = f"{function.qualname} calls only mocks that it made itself, so it tests nothing"
            yield violation_at(function.node, ONLY_MOCKS, what)


def _is_only_mocks(function: Function) -> bool:
    mocks, locals_ = local_mocks(function)
    if not mocks or function.node.decorator_list != [mark.node for mark in function.own_marks]:
        return False
    scope = function.body_scope
    for statement in function.node.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                return False
            if isinstance(node, ast.Name) and not _is_inside(node, scope, mocks | locals_):
                return False
    return _uses(function, mocks)


def _uses(function: Function, mocks: set[str]) -> bool:
    """Whether the test calls a mock of its own, rather than only making one."""
    calls = (node for node in ast.walk(function.node) if isinstance(node, ast.Call))
    return any(len(chain := words(call.func)) > 0 and chain[0] in mocks for call in calls)


def local_mocks(function: Function) -> tuple[set[str], set[str]]:
    """Return the names that the function gives to mocks of its own making, and its other names."""
    scope = function.body_scope
    mocks: set[str] = set()
    others: set[str] = set()
    for node in function.node.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            is_mock = isinstance(value, ast.Call) and bool(_MAKER.search(dotted(value.func, scope)))
            (mocks if is_mock else others).add(node.targets[0].id)
    return mocks, others - mocks


def _is_inside(name: ast.Name, scope: Scope, own: set[str]) -> bool:
    if name.id in own:
        return True
    origin = scope.meaning(name.id)
    if origin.startswith("builtins."):
        return name.id in _HARMLESS
    return bool(_MAKER.search(origin)) or origin in {"unittest.mock", "mock"} or origin.endswith(".mock")
