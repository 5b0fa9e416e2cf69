"""Which names a block of Python binds: imports, assignments, arguments and the rest of them."""

import ast
from collections.abc import Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def plain_import(alias: ast.alias) -> tuple[str, str]:
    """Return the name that ``import a.b as c`` binds, and what it stands for."""
    if alias.asname:
        return alias.asname, alias.name
    top = alias.name.partition(".")[0]
    return top, top


def binding_nodes(scope: ast.AST) -> Iterator[ast.AST]:
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


def bound_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that one of these nodes binds, imports apart."""
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
