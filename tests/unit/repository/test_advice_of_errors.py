"""An error of the machine says what to do, wherever it is raised."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import ci_toolkit.errors
import ci_toolkit.isolation.errors
import ci_toolkit.services.errors
from ci_toolkit.errors import InfrastructureError

PACKAGE = Path(ci_toolkit.errors.__file__).parent
MODULES: tuple[ModuleType, ...] = (ci_toolkit.errors, ci_toolkit.services.errors, ci_toolkit.isolation.errors)
KINDS = {
    name
    for module in MODULES
    for name, kind in vars(module).items()
    if inspect.isclass(kind) and issubclass(kind, InfrastructureError)
}
SEVERAL = "isolation/cleanings.py"
"""Joins several errors, each of which has its own advice."""


def raised_without_advice(source: str) -> Iterator[int]:
    """Yield the lines that make such an error and give it none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            advice = [word.value for word in node.keywords if word.arg == "advice"]
            if not advice or (isinstance(advice[0], ast.Constant) and not advice[0].value):
                yield node.lineno


def test_one_without_advice_is_found() -> None:
    assert list(raised_without_advice("raise KeeperError('gone', advice='')\nraise EngineError('gone')")) == [1, 2]
    assert list(raised_without_advice("raise KeeperError('gone', advice='Try again.')")) == []


def test_every_error_of_the_machine_says_what_to_do() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in raised_without_advice(path.read_text(encoding="utf-8"))
        if path != PACKAGE / SEVERAL
    ]
    assert found == []
