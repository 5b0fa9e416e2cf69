"""What a name means where it stands: followed through imports, other names and ``getattr``, shadowing respected."""

import ast
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from ci_toolkit.lint.bindings import binding_nodes, bound_names, plain_import

_MOCK_NAMES = ("patch", "Mock", "MagicMock", "AsyncMock", "PropertyMock", "create_autospec", "mock_open")
_ASSUMED = {
    **{name: name for name in ("os", "time", "asyncio", "pytest", "unittest")},
    **{name: f"unittest.mock.{name}" for name in _MOCK_NAMES},
    "mock": "unittest.mock",
}
_STARRED = frozenset({"os", "time", "asyncio", "pytest", "unittest", "unittest.mock", "mock"})
"""Modules whose ``import *`` is taken to bind a name that nothing else in the file binds."""
_HOPS = 8
"""How many names that stand for each other are followed; a circle of them ends there too."""


class _Bindings(NamedTuple):
    """What one scope binds."""

    imports: dict[str, str]
    others: set[str]
    again: set[str]
    """Those of the others that are bound more than once."""
    stars: list[str]


class Scope:
    """One block of Python's scoping: a module, class, function, lambda or comprehension.

    Bindings are read from the source on first use, because most scopes are never asked.
    """

    __slots__ = ("__dict__", "node", "parent")

    def __init__(self, node: ast.AST, parent: "Scope | None" = None) -> None:
        self.node = node
        self.parent = parent

    @cached_property
    def _bindings(self) -> "_Bindings":
        found = _Bindings({}, set(), set(), [])
        for node in binding_nodes(self.node):
            if isinstance(node, ast.Import):
                found.imports.update(plain_import(alias) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = "." * node.level + (node.module or "")
                found.stars.extend(origin for alias in node.names if alias.name == "*")
                found.imports.update((alias.asname or alias.name, f"{origin}.{alias.name}") for alias in node.names)
            else:
                for name in bound_names(node):
                    (found.again if name in found.others else found.others).add(name)
        return found

    @cached_property
    def _values(self) -> dict[str, ast.expr]:
        """What each name is that this scope binds once, by ``name = value``."""
        found: dict[str, ast.expr] = {}
        for node in binding_nodes(self.node):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    found[name] = value
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                    pairs = zip(names, values, strict=False)
                    found |= {name.id: value for name, value in pairs if isinstance(name, ast.Name)}
        bindings = self._bindings
        return {name: value for name, value in found.items() if name not in bindings.again | bindings.imports.keys()}

    def binder(self, name: str) -> "Scope | None":
        """Return the scope that binds ``name`` as it is read here, None where nothing in the file does."""
        scope: Scope | None = self
        while scope is not None:
            bindings = scope._bindings  # noqa: SLF001 (a scope of the same chain)
            is_seen = scope is self or not isinstance(scope.node, ast.ClassDef)
            if is_seen and (name in bindings.imports or name in bindings.others):
                return scope
            scope = scope.parent
        return None

    def value(self, name: str) -> ast.expr | None:
        """Return the expression that ``name`` stands for here, if one plain assignment alone binds it."""
        binder = self.binder(name)
        return binder._values.get(name) if binder else None  # noqa: SLF001 (a scope of the same chain)

    def meaning(self, name: str, hops: int = _HOPS) -> str:
        """Return the dotted origin of ``name`` if an import tells it, ``""`` if the name is something else.

        A name that is only another name of an import (``nap = time.sleep``) has its origin; ``hops`` says how many
        such are followed. A name that nothing binds is ``builtins.x``, or the module that everybody knows by it: a
        fragment without its imports is read as its author means it.
        """
        binder = self.binder(name)
        if binder is None:
            return self._unbound(name)
        imports = binder._bindings.imports  # noqa: SLF001 (a scope of the same chain)
        if name in imports:
            return imports[name]
        value = binder._values.get(name) if hops else None  # noqa: SLF001 (a scope of the same chain)
        return dotted(value, binder, hops - 1) if value is not None else ""

    def _unbound(self, name: str) -> str:
        scope: Scope | None = self
        while scope is not None:
            stars = scope._bindings.stars  # noqa: SLF001 (a scope of the same chain)
            star = next((origin for origin in stars if origin in _STARRED), "")
            if star:
                return f"{star}.{name}"
            scope = scope.parent
        return _ASSUMED.get(name, f"builtins.{name}")


def dotted(node: ast.AST, scope: Scope, hops: int = _HOPS) -> str:
    """Return where the expression comes from (``unittest.mock.patch``), or ``""`` if the file does not tell.

    Roundabout ways lead to the same place: ``getattr(os, "environ")``, ``vars(os)["environ"]``,
    ``import_module("os").environ``.
    """
    steps: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(node.attr)
            node = node.value
            continue
        if isinstance(node, ast.NamedExpr):
            node = node.value
            continue
        step, origin, inner = _roundabout(node, scope, hops)
        steps.append(step)
        if inner is None or origin:
            return _follow(origin, reversed(steps)) if origin else ""
        node = inner
    origin = scope.meaning(node.id, hops)
    return _follow(origin, reversed(steps)) if origin else ""


def _roundabout(node: ast.AST, scope: Scope, hops: int) -> tuple[str, str, ast.expr | None]:
    """Return the step that an item or a look-up makes, the origin if it begins there, and what the step starts from."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=str(key)), value=inner):
            return f"[{key}", "", inner
        case ast.Call(args=[_, *_]):
            return _looked_up(node, scope, hops)
    return "", "", None


def _follow(origin: str, steps: Iterator[str]) -> str:
    """Return where ``steps`` lead from ``origin``: attributes, and items (``[key``) of namespaces."""
    for step in steps:
        if step.startswith("["):
            if origin == "sys.modules":
                origin = step[1:]
            elif origin.endswith(".__dict__"):
                origin = f"{origin.removesuffix('.__dict__')}.{step[1:]}"
            else:
                return ""
        elif step:
            origin = f"{origin}.{step}"
    return origin


def _looked_up(  # noqa: PLR0911 (one for each way to look something up)
    call: ast.Call, scope: Scope, hops: int
) -> tuple[str, str, ast.expr | None]:
    """Return the same of a call: ``getattr`` and its kin."""
    match call.func, call.args:
        case ast.Attribute(attr="get" | "__getitem__", value=owner), [ast.Constant(value=str(key)), *_]:
            return f"[{key}", "", owner
        case ast.Attribute(attr="__getattribute__", value=owner), [ast.Constant(value=str(key))]:
            return key, "", owner
        case ast.Call(args=[ast.Constant(value=str(key))], func=getter), [owner]:
            return key, "", owner if _short_name(getter, scope, hops) == "operator.attrgetter" else None
    match _short_name(call.func, scope, hops), call.args:
        case "builtins.getattr" | "builtins.setattr" | "builtins.delattr", [owner, ast.Constant(value=str(key)), *_]:
            return key, "", owner
        case "builtins.vars", [owner]:
            return "__dict__", "", owner
        case "builtins.__import__", [ast.Constant(value=str(module)), *_]:
            return "", module.partition(".")[0], call
        case "importlib.import_module" | "builtins.import_module", [ast.Constant(value=str(module)), *_]:
            return "", module, call
    return "", "", None


def _short_name(function: ast.expr, scope: Scope, hops: int) -> str:
    """Return the origin of ``function`` where it is one name or two: no longer one looks things up."""
    is_short = isinstance(function.value if isinstance(function, ast.Attribute) else function, ast.Name)
    return dotted(function, scope, hops) if is_short else ""


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
