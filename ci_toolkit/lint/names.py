"""What a name means where it stands: imports followed through aliases, shadowing respected."""

import ast
from collections.abc import Callable, Iterator
from functools import cached_property

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_MOCK_NAMES = ("patch", "Mock", "MagicMock", "AsyncMock", "PropertyMock", "create_autospec", "mock_open")
_ASSUMED = {
    **{name: name for name in ("os", "time", "asyncio", "pytest", "unittest")},
    **{name: f"unittest.mock.{name}" for name in _MOCK_NAMES},
    "mock": "unittest.mock",
}
_STARRED = frozenset({"os", "time", "asyncio", "pytest", "unittest", "unittest.mock", "mock"})
"""Modules whose ``import *`` is taken to bind a name that nothing else in the file binds."""


class Scope:
    """One block of Python's scoping: a module, class, function, lambda or comprehension.

    Bindings are read from the source on first use, because most scopes are never asked.
    """

    __slots__ = ("__dict__", "node", "parent")

    def __init__(self, node: ast.AST, parent: "Scope | None" = None) -> None:
        self.node = node
        self.parent = parent

    @cached_property
    def _bindings(self) -> tuple[dict[str, str], set[str], list[str]]:
        imports: dict[str, str] = {}
        others: set[str] = set()
        stars: list[str] = []
        for node in _binding_nodes(self.node):
            if isinstance(node, ast.Import):
                imports.update(_plain_import(alias) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = "." * node.level + (node.module or "")
                stars.extend(origin for alias in node.names if alias.name == "*")
                imports.update((alias.asname or alias.name, f"{origin}.{alias.name}") for alias in node.names)
            else:
                others.update(_bound_names(node))
        return imports, others, stars

    def meaning(self, name: str) -> str:
        """Return the dotted origin of ``name`` if an import binds it here, ``""`` if something else does.

        A name that nothing binds is ``builtins.x``, or the module that everybody knows by it: a fragment without its
        imports is read as its author means it.
        """
        scope: Scope | None = self
        stars: list[str] = []
        while scope is not None:
            imports, others, scope_stars = scope._bindings  # noqa: SLF001 (a scope of the same chain)
            if scope is self or not isinstance(scope.node, ast.ClassDef):
                if name in imports:
                    return imports[name]
                if name in others:
                    return ""
            stars.extend(scope_stars)
            scope = scope.parent
        star = next((origin for origin in stars if origin in _STARRED), "")
        return f"{star}.{name}" if star else _ASSUMED.get(name, f"builtins.{name}")


def _plain_import(alias: ast.alias) -> tuple[str, str]:
    if alias.asname:
        return alias.asname, alias.name
    top = alias.name.partition(".")[0]
    return top, top


def _binding_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what may bind a name directly in ``scope``: statements, handlers, arguments and comprehension targets."""
    if isinstance(scope, FunctionNode | ast.Lambda):
        yield scope.args
    if isinstance(scope, Comprehension):
        yield from scope.generators
        return
    body = getattr(scope, "body", [])
    pending: list[ast.AST] = list(reversed(body)) if isinstance(body, list) else []
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, FunctionNode | ast.ClassDef):
            continue
        for field in ("finalbody", "orelse", "handlers", "cases", "body"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                pending.extend(reversed(inner))


def _bound_names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.arguments():
            yield from (arg.arg for arg in arguments_of(node))
        case ast.Assign():
            yield from _stored(*node.targets)
        case ast.AnnAssign() | ast.AugAssign() | ast.For() | ast.AsyncFor() | ast.comprehension():
            yield from _stored(node.target)
        case ast.With() | ast.AsyncWith():
            yield from _stored(*(item.optional_vars for item in node.items if item.optional_vars))
        case ast.ExceptHandler() if node.name:
            yield node.name
        case ast.match_case():
            yield from _stored(node.pattern)


def _stored(*targets: ast.AST) -> Iterator[str]:
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                if isinstance(node.ctx, ast.Store):
                    yield node.id
            elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
                yield node.name


def arguments_of(arguments: ast.arguments) -> Iterator[ast.arg]:
    """Yield every parameter, in order, the starred ones last."""
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (arg for arg in (arguments.vararg, arguments.kwarg) if arg is not None)


def dotted(node: ast.AST, scope: Scope) -> str:
    """Return where the expression comes from (``unittest.mock.patch``), or ``""`` if imports do not tell."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    origin = scope.meaning(node.id)
    return ".".join((origin, *reversed(parts))) if origin else ""


def words(node: ast.AST) -> tuple[str, ...]:
    """Return the identifiers of a name or attribute chain as written: ``self.agent.run`` is three words."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Call | ast.Await | ast.Subscript):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        else:
            node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return tuple(reversed(parts))


def walk(
    root: ast.AST, scope: Scope, wanted: Callable[[ast.stmt], bool] | None = None
) -> Iterator[tuple[ast.AST, Scope]]:
    """Yield ``root`` and all beneath it, each with the scope that its names are looked up in.

    Statements that are not ``wanted`` are passed by with all that they hold.
    Without recursion: a file nests as deep as its author likes.
    """
    pending = [(root, scope)]
    while pending:
        node, outer = pending.pop()
        if wanted is not None and isinstance(node, ast.stmt) and not wanted(node):
            continue
        yield node, outer
        inner = Scope(node, outer) if isinstance(node, _OPENS_SCOPE) else outer
        children: list[tuple[ast.AST, Scope]] = []
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                if not isinstance(value, _LEAVES):
                    children.append((value, inner if field in _INNER_FIELDS else outer))
            elif isinstance(value, list):
                within = inner if field in _INNER_FIELDS else outer
                children.extend([(item, within) for item in value if isinstance(item, ast.AST)])
        children.reverse()
        pending.extend(children)


_OPENS_SCOPE = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
_LEAVES = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
_INNER_FIELDS = frozenset({"body", "elt", "key", "value", "generators"})
"""Fields evaluated inside a new scope; for nodes that open none, inner and outer are the same."""
