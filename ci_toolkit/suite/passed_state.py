"""Reads whether a test leaves something behind, in plain sight, that another test of its module asks for.

What a test writes to a variable of the module, to an attribute of a class, or into a list or dictionary of either or
of a fixture that several tests share is there for the tests after it, in the same process alone.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

_GLOBAL = re.compile(rb"(?:^\s+|[:;]\s*)global\s", re.MULTILINE)
_WIDE_SCOPE = re.compile(rb"\bscope\s*=\s*[\"'](?:class|module|package|session)")
_STORE = re.compile(
    rb"(?:^[ \t]+|[:;]\s*)(?:\w+\.__class__|type\(\w+\)|cls|[A-Z]\w*)\.\w+\s*(?::[^=\n]+)?[-+|]?=[^=]", re.MULTILINE
)
_CONTAINER = re.compile(
    rb"^(?P<indent>[ \t]*)(?P<name>\w+)[ \t]*(?::[^=\n]+)?=[ \t]*"
    rb"(?:\[\s*\]|\{\s*\}|\{.*\bNone\b|(?:\w+\.)?(?:list|dict|set|SimpleNamespace|defaultdict)\(\w*\))",
    re.MULTILINE,
)
_DEFINITION = re.compile(rb"(?:async[ \t]+)?def\b")
ADDING = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})
_CONTAINERS = frozenset({"list", "dict", "set", "SimpleNamespace", "defaultdict"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


def may_pass_state(text: bytes) -> bool:
    """Return whether there is any sign of that in ``text``, the source of a module, so that it has to be parsed."""
    return (
        (b"global" in text and _GLOBAL.search(text) is not None)
        or (b"scope" in text and _WIDE_SCOPE.search(text) is not None)
        or _STORE.search(text) is not None
        or any(not _is_local(text, found) and _is_filled(text, found["name"]) for found in _CONTAINER.finditer(text))
    )


def _is_local(text: bytes, found: re.Match[bytes]) -> bool:
    """Whether the line that was ``found`` stands in a function, by the indents of the lines above it.

    Most containers of a suite are such, and parsing their files was most of what planning cost.
    """
    indent, end = len(found["indent"]), found.start() - 1
    while indent and end > 0:
        start = text.rfind(b"\n", 0, end) + 1
        line = text[start:end]
        code = line.lstrip()
        if code and len(line) - len(code) < indent:
            if _DEFINITION.match(code):
                return True
            indent = len(line) - len(code)
        end = start - 1
    return False


def _is_filled(text: bytes, name: bytes) -> bool:
    return re.search(rb"\b" + name + rb"\s*[.\[]", text) is not None


def passes_state(tree: ast.Module) -> bool:
    """Return whether a test of ``tree`` writes what at least two of its tests name."""
    around, tests = _apart(tree)
    classes = [node for node in around if isinstance(node, ast.ClassDef)]
    bodies = (tree.body, *(each.body for each in classes))
    shared = {name for body in bodies for name in _containers(body)} | set(_of_setups(around))
    owners = {each.name for each in classes} | {"cls", "__class__"}
    left = [name for test in tests for name in _left_behind(test, shared, owners)]
    if not left:  # as nearly always: what the tests name need not be counted
        return False
    named = Counter(name for test in tests for name in set(_names(test)))
    return any(named[name] > 1 for name in left)


def _apart(tree: ast.Module) -> tuple[list[ast.AST], list[list[ast.AST]]]:
    """Return the nodes of ``tree`` outside its tests, and those of each test. Every node is visited once."""
    around: list[ast.AST] = [tree]
    tests = []
    for node in around:  # which grows
        if isinstance(node, Function) and node.name.startswith("test"):
            tests.append(below(node))
        else:
            around += _children(node)
    return around, tests


def below(node: ast.AST) -> list[ast.AST]:
    """Return ``node`` and all nodes in it."""
    nodes = [node]
    for each in nodes:  # which grows
        nodes += _children(each)
    return nodes


def _children(node: ast.AST) -> list[ast.AST]:
    # As ast.iter_child_nodes, in half the time: this is most of what planning costs.
    children: list[ast.AST] = []
    for value in vars(node).values():
        if isinstance(value, ast.AST):
            children.append(value)
        elif isinstance(value, list):
            children += [each for each in value if isinstance(each, ast.AST)]
    return children


def _containers(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and is_container(statement.value):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _of_setups(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names of containers that a class's own setup makes, or a fixture that several tests share."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="cls"), attr=name)], value=value):
                yield from {name} if is_container(value) else ()
            case ast.FunctionDef(name=name) if any(map(_is_wide_fixture, node.decorator_list)):
                yield from {name} if any(map(is_container, values_given(node))) else ()


def values_given(fixture: Function, around: Iterable[ast.stmt] = ()) -> Iterator[ast.expr | None]:
    """Yield what ``fixture`` returns or yields; for a name, what it or one of the statements ``around`` it assigns."""
    own = list(ast.walk(fixture))
    assigned = {
        target.id: node.value
        for node in (*around, *own)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in own:
        if isinstance(node, ast.Return | ast.Yield):
            yield assigned.get(node.value.id) if isinstance(node.value, ast.Name) else node.value


def _is_wide_fixture(decorator: ast.expr) -> bool:
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else ()
    scopes = [each.value for each in keywords if each.arg == "scope"]
    return any(not isinstance(scope, ast.Constant) or scope.value != "function" for scope in scopes)


def is_container(value: ast.expr | None) -> bool:
    """Return whether ``value`` makes a container that others can fill."""
    return isinstance(value, ast.List | ast.Dict) or (isinstance(value, ast.Call) and _name(value.func) in _CONTAINERS)


def _names(test: Iterable[ast.AST]) -> Iterator[str]:
    return (_name(node) for node in test if isinstance(node, ast.Name | ast.Attribute))


def _left_behind(test: Iterable[ast.AST], shared: AbstractSet[str], owners: AbstractSet[str]) -> Iterator[str]:
    for node in test:
        match node:
            case ast.Global():
                yield from node.names
            case ast.Attribute(value=holder, ctx=ast.Store()) if _is_class(holder, owners):
                yield node.attr
            case ast.Attribute(value=holder, ctx=ast.Store()) | ast.Subscript(value=holder, ctx=ast.Store()):
                yield from {_name(holder)} & shared
            case ast.Call(func=ast.Attribute(value=holder, attr=method)) if method in ADDING:
                yield from {_name(holder)} & shared


def _is_class(holder: ast.expr, owners: AbstractSet[str]) -> bool:
    if isinstance(holder, ast.Call):
        return _name(holder.func) == "type"
    return _name(holder) in owners


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
