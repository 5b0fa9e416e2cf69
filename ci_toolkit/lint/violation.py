"""What a check yields: a rule broken at a place in one file."""

import ast
from dataclasses import dataclass

from ci_toolkit.lint.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A broken rule. ``offset`` counts UTF-8 bytes, as ``ast`` does; a waiver may stand on any line of the span."""

    rule: Rule
    line: int
    offset: int
    end_line: int
    message: str


def violation_at(node: ast.expr | ast.stmt | ast.arg, rule: Rule, what: str, *, instead: str = "") -> Violation:
    """Make a violation of ``node``: ``what`` is wrong, and the rule's own advice unless ``instead`` says better."""
    return Violation(
        rule=rule,
        line=node.lineno,
        offset=node.col_offset,
        end_line=node.end_lineno or node.lineno,
        message=f"{what}. {instead or rule.instead}",
    )
