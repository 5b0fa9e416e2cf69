"""A file read and parsed, or the plain reason why Python cannot read it."""

import ast
import symtable

from ci_toolkit.lint.rules import UNREADABLE
from ci_toolkit.lint.violation import Violation
from ci_toolkit.model.syntax_tree import UNREADABLE_SOURCE, sources_only_read, syntax_tree

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def parse(source: bytes) -> ast.Module | Violation:
    """Return the tree, or the violation with code CIT000 that says where Python gives up."""
    try:
        return syntax_tree(source)
    except SyntaxError as error:
        return _unreadable(_syntax_reason(source, error), max(error.lineno or 1, 1), max((error.offset or 1) - 1, 0))
    except ValueError as error:
        reason = "it holds a NUL byte" if b"\0" in source else str(error)
        return _unreadable(reason, source[: source.find(b"\0")].count(b"\n") + 1 if b"\0" in source else 1)
    except (RecursionError, MemoryError):
        return _unreadable("it nests deeper than Python's parser goes")


def why_unreadable(source: bytes) -> Violation | None:
    """Return why Python cannot read the source, or None if it can, a third faster than by making its tree.

    The symbol table needs the parser but none of the tree's Python objects. What it refuses, the parser is asked about.
    """
    try:
        with sources_only_read():
            symtable.symtable(source, "<test>", "exec")  # type: ignore[arg-type]  # bytes carry their own encoding
    except UNREADABLE_SOURCE:
        tree = parse(source)
        return tree if isinstance(tree, Violation) else None
    return None


def _syntax_reason(source: bytes, error: SyntaxError) -> str:
    if source.startswith(_UTF16_MARKS):
        return "it is UTF-16, which Python does not take as source; save it as UTF-8"
    if b"\0" in source:
        return "it holds a NUL byte"
    if "unicode error" in (error.msg or "") or "utf-8" in (error.msg or ""):
        return f"{error.msg}; save it as UTF-8 or declare its encoding in the first line (PEP 263)"
    return f"{error.msg}"


def _unreadable(reason: str, line: int = 1, offset: int = 0) -> Violation:
    return Violation(
        rule=UNREADABLE,
        line=line,
        offset=offset,
        end_line=line,
        message=f"Python cannot read this file: {reason}. {UNREADABLE.instead}",
    )
