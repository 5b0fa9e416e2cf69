"""Finds the lines whose running shows that a test runs what a change wrote."""

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from ci_toolkit.model.changed_lines import LAST_LINE, ChangedFile, ChangedLines, Span
from ci_toolkit.model.syntax_tree import UNREADABLE_SOURCE, syntax_tree
from ci_toolkit.model.traced_lines import TracedFile

_PROSE = frozenset({".md", ".rst"})
"""What no test is thought to run. Whatever else is no Python, such as data and lock files, any test may depend on."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_WITH_A_BODY = (ast.stmt, ast.ExceptHandler, ast.match_case)
_SILENT_TOKENS = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)


def traced_files(changes: ChangedLines, folder: Path) -> tuple[TracedFile, ...] | None:
    """Return where ``changes`` in the checkout around ``folder`` can be seen; None where running tests cannot tell."""
    if changes.unknown or any(_is_unseen(path) for path in changes.gone):
        return None
    files = {path: change for path, change in changes.files.items() if PurePosixPath(path).suffix not in _PROSE}
    if any(_is_unseen(path) for path in files):
        return None
    return tuple(_traced((folder / path).resolve(), change) for path, change in files.items())


def _is_unseen(path: str) -> bool:
    name = PurePosixPath(path)
    # A conftest.py shapes tests that run none of its lines.
    return name.suffix not in _PROSE and (name.suffix != ".py" or name.name == "conftest.py")


def _traced(path: Path, change: ChangedFile) -> TracedFile:
    try:
        text = path.read_text(encoding="utf-8")
        tree, telling = syntax_tree(text), _telling_lines(text)
    except (OSError, tokenize.TokenError, *UNREADABLE_SOURCE):
        return TracedFile(path=str(path), lines=((1, LAST_LINE),), at_import=True)
    bodies = dict(_bodies(tree))
    found: dict[Span, None] = {}
    at_import = False
    for number in telling:
        if not change.has_written(number):
            continue
        body = _innermost(bodies, number)
        if body is None:
            at_import = True
        else:
            found[_statement(bodies[body], number) or body] = None
    for cut in change.cut:  # what is gone cannot run: whatever ran around it may
        body = _innermost(bodies, cut)
        if body is None or _innermost(bodies, cut + 1) != body:
            at_import = True
        else:
            found[body] = None
    return TracedFile(path=str(path), lines=tuple(found), at_import=at_import)


def _telling_lines(text: str) -> list[int]:
    """Return the lines, in order, that are more than blank or a comment. In a string, nothing is a comment."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    told = (token for token in tokens if token.type not in _SILENT_TOKENS)
    return sorted({number for token in told for number in range(token.start[0], token.end[0] + 1)})


def _bodies(tree: ast.AST) -> Iterator[tuple[Span, _Function]]:
    for node in ast.walk(tree):
        if isinstance(node, _Function) and node.body[0].lineno > node.lineno:
            yield (node.body[0].lineno, node.end_lineno or node.body[-1].lineno), node


def _innermost(spans: Iterable[Span], line: int) -> Span | None:
    around = [span for span in spans if span[0] <= line <= span[1]]
    return min(around, key=lambda span: span[1] - span[0], default=None)


def _statement(function: _Function, line: int) -> Span | None:
    """Return the lines of the statement of ``function`` that ``line`` is a part of, without those of its body."""
    nodes = (node for node in ast.walk(function) if isinstance(node, _WITH_A_BODY) and node is not function)
    return _innermost([_own_lines(node) for node in nodes if not _never_runs(node)], line)


def _never_runs(node: ast.AST) -> bool:
    """Return whether it changes what others in its function do, and is itself no step of it."""
    is_bare = isinstance(node, ast.AnnAssign) and node.value is None
    return is_bare or isinstance(node, ast.Global | ast.Nonlocal)


def _own_lines(node: ast.AST) -> Span:
    first: int = getattr(node, "lineno", 0)
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return first, max(first, body[0].lineno - 1)
    return first, getattr(node, "end_lineno", None) or first
