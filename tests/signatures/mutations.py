"""Small faults in the functions of a module, each an edit of its text that leaves all other lines as they are."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

_COMPARISONS: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.GtE(),
    ast.GtE: ast.Lt(),
    ast.Gt: ast.LtE(),
    ast.LtE: ast.Gt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
}
_OPERATORS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.FloorDiv(),
    ast.FloorDiv: ast.Mult(),
    ast.Mod: ast.Add(),
}


class Edit(NamedTuple):
    """A replacement of the text between two offsets."""

    start: int
    end: int
    text: str


def faults_by_function(source: str) -> dict[str, list[Edit]]:
    """Return top-level function to the faults that can be put into it, in the order of the source."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    assert source.isascii(), "columns of the syntax tree count bytes"
    return {
        node.name: [
            Edit(
                starts[old.lineno - 1] + old.col_offset,
                starts[(old.end_lineno or 0) - 1] + (old.end_col_offset or 0),
                new,
            )
            for old, new in _faults(node)
        ]
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }


def apply(source: str, edits: list[Edit]) -> str:
    """Return ``source`` with ``edits``, which do not overlap."""
    for edit in sorted(edits, reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source


def _faults(function: ast.FunctionDef) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(function):
        match node:
            case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
                ops = [_COMPARISONS[type(operator)]]
                yield node, ast.unparse(ast.Compare(left=node.left, ops=ops, comparators=node.comparators))
            case ast.BinOp(op=operation) if type(operation) in _OPERATORS:
                yield node, f"({ast.unparse(ast.BinOp(node.left, _OPERATORS[type(operation)], node.right))})"
            case ast.Constant(value=int(value)) if not isinstance(value, bool):
                yield node, str(value + 1)
            case ast.Return(value=ast.expr() as value):
                yield value, "None"
            case ast.Yield(value=ast.expr() as value):
                yield value, "None"
            case ast.BoolOp(op=ast.And()):
                yield node, f"({ast.unparse(ast.BoolOp(ast.Or(), node.values))})"
