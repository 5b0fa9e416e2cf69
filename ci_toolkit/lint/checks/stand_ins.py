"""What stands in for a part of the system without a mock library: classes, modules and functions of one's own."""

import ast
import re
from collections.abc import Iterator

from ci_toolkit.lint.bindings import FunctionNode
from ci_toolkit.lint.module import Function, Kind, Module, TestClass
from ci_toolkit.lint.names import Scope, dotted, walk, words

_NAMED_SO = re.compile(r"^_*(?:Fake|Mock|Stub)[A-Z0-9_]\w*$")
_NAMED_SO_HERE = re.compile(
    r"^_*(?:(?:Fake|Mock|Stub|Dummy|InMemory|No[Oo]p)(?:[A-Z0-9_]\w*)?|\w+(?:Fake|Mock|Stub|Dummy|Double))$"
)
"""Names that say it of a class of the file itself; imported, an ``OrderStub`` is a client of gRPC, which is real."""
_OF_DATA = re.compile(r"(?:Data|Factory|Faker|Payload|Record|Row|Error|Exception|Warning|Config|Settings|Transport)$")
"""Last words of what carries values, or fails, instead of a part (httpx.MockTransport is found by its own name)."""
_DATA_MAKERS = frozenset(
    {"NamedTuple", "TypedDict", "Enum", "BaseModel", "Struct", "Exception", "Protocol", "TestCase"}
)
_PLAIN_METHODS = frozenset({"__init__", "__post_init__", "__repr__", "__str__", "__eq__", "__hash__", "__len__"})

_SAYS_SO = re.compile(r"^(?:mock|mocked|fake|faked|stub|stubbed|dummy)_(\w+)$|^(\w+)_(?:mock|fake|stub|dummy|double)$")
_PART = re.compile(
    r"(?:^|_)(?:db|database|postgres\w*|redis|clickhouse|cache|store|storage|queue|broker|bus|session|connection|pool|repo"
    r"|repository|llm|openai|client|service|server|api|backend|gateway|provider|payments?|stripe|smtp|mailer|sender|auth"
    r"|oauth|websocket|ws|socket|http|agent|tool|registry|manager|executor|engine|s3|bucket|filesystem|clock)s?$"
)
"""Last words of the fixtures that are parts of a system, rather than data such as ``fake_user_data``."""
_OVERRIDES = "dependency_overrides"
"""FastAPI's table of what replaces what."""

StandIn = tuple[ast.expr | ast.arg, str]
"""Where it stands, and what it is."""


def stand_ins_in(root: ast.AST, scope: Scope, module: Module) -> Iterator[StandIn]:
    """Find the stand-ins that the code at ``root`` puts in place or uses, whatever category it is of."""
    for node, inner in walk(root, scope):
        match node:
            case ast.Assign(targets=[ast.Subscript(value=table)]):
                if name := _replaced_table(table, inner):
                    yield node.targets[0], f"An entry of {name} replaced by hand"
            case ast.Assign(targets=[ast.Attribute() as target], value=value):
                if _replaces_part(target, value, inner):
                    yield target, f"{'.'.join(words(target))} replaced by hand"
            case ast.Call():
                yield from _in_call(node, inner)
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                if _is_stand_in(name, node, inner, module):
                    yield node, f"The stand-in {name}"


def made_by_fixture(fixture: Function) -> Iterator[StandIn]:
    """Find what a fixture gives out that is made to stand in: an object of a class with nothing but ready answers."""
    if fixture.kind is not Kind.FIXTURE:
        return
    says_so = says_stand_in(fixture.node.name)
    inner = {node.name: node for node in ast.walk(fixture.node) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(fixture.node):
        value = node.value if isinstance(node, ast.Return | ast.Yield) else None
        if isinstance(value, ast.Name):
            value = fixture.body_scope.value(value.id)
        called = value.func if isinstance(value, ast.Call) else value
        if value is None or not isinstance(called, ast.Name | ast.Attribute):
            if isinstance(value, ast.Lambda) and says_so:
                yield value, f"The stand-in that {fixture.node.name} is"
            continue
        made = inner.get(called.id) if isinstance(called, ast.Name) else None
        if (made and (says_so or _answers_only(made))) or _is_namespace_of_lambdas(value, fixture.body_scope):
            yield value, f"The stand-in that {fixture.node.name} gives out"


def says_stand_in(name: str) -> bool:
    """Whether a fixture's name says that it stands in for a part of the system: ``fake_db``, not ``fake_user_data``."""
    match = _SAYS_SO.match(name)
    return match is not None and bool(_PART.search(match[1] or match[2]))


def asked_for(function: Function, module: Module) -> Iterator[StandIn]:
    """Find the parameters that name a stand-in of another file; those of this file are found where they are made."""
    if (function.owner and function.owner.is_unittest) or len(function.node.decorator_list) > len(function.own_marks):
        return  # no fixtures: what a decorator such as patch hands over
    own = {fixture.node.name for fixture in module.functions if fixture.kind is Kind.FIXTURE}
    parametrized = " ".join(
        str(mark.call.args[0].value)
        for mark in function.marks
        if mark.name == "parametrize" and mark.call and mark.call.args and isinstance(mark.call.args[0], ast.Constant)
    )
    for argument in ast.walk(function.node.args):
        name = argument.arg if isinstance(argument, ast.arg) else ""
        is_given = name in own or re.search(rf"\b{name}\b", parametrized)
        if isinstance(argument, ast.arg) and says_stand_in(name) and not is_given:
            yield argument, f"The fixture {name}"


def _replaced_table(table: ast.expr, scope: Scope) -> str:
    """Return the name of the table in which an entry stands for a part, or ``""``."""
    if dotted(table, scope) == "sys.modules":
        return "sys.modules"
    return _OVERRIDES if words(table)[-1:] == (_OVERRIDES,) else ""


def _replaces_part(target: ast.Attribute, value: ast.expr, scope: Scope) -> bool:
    """Whether an attribute of something imported becomes a function or class of the test's own."""
    origin = dotted(target, scope)
    if not origin or origin.startswith(("builtins.", "os.", "sys.")) or target.attr.startswith("on_"):
        return False
    return isinstance(value, ast.Lambda) or (isinstance(value, ast.Name) and _is_defined_here(value.id, scope))


def _is_defined_here(name: str, scope: Scope) -> bool:
    binder = scope.binder(name)
    defined = (
        (node for node in ast.walk(binder.node) if isinstance(node, FunctionNode | ast.ClassDef)) if binder else ()
    )
    return any(node.name == name for node in defined)


def _in_call(call: ast.Call, scope: Scope) -> Iterator[StandIn]:
    chain = words(call.func)
    first = call.args[0] if call.args else None
    if chain in {("monkeypatch", "setitem"), ("monkeypatch", "delitem")} and first is not None:
        if name := _replaced_table(first, scope) or ("sys.modules" if _is_text(first, "sys.modules") else ""):
            yield call, f"An entry of {name} replaced"
    elif chain[-1:] in {("update",), ("setdefault",), ("__setitem__",)} and isinstance(call.func, ast.Attribute):
        if name := _replaced_table(call.func.value, scope):
            yield call, f"An entry of {name} replaced by hand"
    elif dotted(call.func, scope) == "builtins.setattr" and len(call.args) == 3:  # noqa: PLR2004 (object, name, value)
        named, value = call.args[1:]
        if isinstance(named, ast.Constant) and isinstance(named.value, str):
            target = ast.Attribute(value=call.args[0], attr=named.value, ctx=ast.Store())
            if _replaces_part(target, value, scope):
                yield call, f"{named.value} replaced by hand"
    elif dotted(call.func, scope) == "builtins.type" and len(call.args) > 1:
        name = str(first.value) if isinstance(first, ast.Constant) else ""
        if _NAMED_SO_HERE.match(name) and not _OF_DATA.search(name):
            yield call, f"The stand-in {name}"


def _is_text(value: ast.expr, text: str) -> bool:
    return isinstance(value, ast.Constant) and value.value == text


def _is_stand_in(name: str, node: ast.expr, scope: Scope, module: Module) -> bool:
    """Whether the name is that of a class which stands in for a part: made here, or imported and named so."""
    if not _NAMED_SO_HERE.match(name) or _OF_DATA.search(name):
        return False
    if isinstance(node, ast.Attribute):
        return bool(_NAMED_SO.match(name)) and bool(dotted(node, scope)) and not _is_library(dotted(node, scope))
    origin = scope.meaning(name, 0)
    if origin:
        return bool(_NAMED_SO.match(name)) and not origin.startswith("builtins.") and not _is_library(origin)
    binder = scope.binder(name)
    classes = [made for made in ast.walk(binder.node) if isinstance(made, ast.ClassDef)] if binder else []
    known = {made.node.name: made for made in module.classes}
    return any(made.name == name and _has_behaviour(made, known) for made in classes)


def _is_library(origin: str) -> bool:
    """Whether the rule knows it by its library: one finding is enough."""
    return origin.startswith(("unittest.mock", "mock.", "fakeredis.", "moto."))


def _has_behaviour(made: ast.ClassDef, known: dict[str, TestClass]) -> bool:
    """Whether the class does something: one of fields alone is data, whatever its name."""
    bases = {words(base)[-1] for base in made.bases if words(base)}
    if bases & _DATA_MAKERS or any(base.endswith(("Error", "Exception")) for base in bases):
        return False
    methods = {item.name for item in made.body if isinstance(item, FunctionNode)}
    lambdas = any(isinstance(item, ast.Assign) and isinstance(item.value, ast.Lambda) for item in made.body)
    inherited = any(base in known and _has_behaviour(known[base].node, {}) for base in bases)
    return bool(methods - _PLAIN_METHODS) or lambdas or inherited


def _answers_only(made: ast.ClassDef) -> bool:
    """Whether every method only gives a ready answer: it calls nothing of the system."""
    methods = [item for item in made.body if isinstance(item, FunctionNode)]
    if made.bases and [words(base) for base in made.bases] != [("object",)]:
        return False
    doing = [item for item in methods if item.name not in _PLAIN_METHODS]
    return bool(doing) and not made.decorator_list and all(map(_is_ready_answer, doing))


def _is_ready_answer(method: FunctionNode) -> bool:
    return not any(isinstance(node, ast.Call | ast.Await) for statement in method.body for node in ast.walk(statement))


def _is_namespace_of_lambdas(value: ast.expr, scope: Scope) -> bool:
    if not isinstance(value, ast.Call) or dotted(value.func, scope) != "types.SimpleNamespace":
        return False
    return any(isinstance(keyword.value, ast.Lambda) for keyword in value.keywords)
