"""CIT002: test code goes through the isolated environment, not through ``os.environ``."""

import ast
import re
from collections.abc import Iterator

from ci_toolkit.lint.checks.mocks import is_patch_dict
from ci_toolkit.lint.module import Module
from ci_toolkit.lint.names import Scope, dotted
from ci_toolkit.lint.rules import DIRECT_ENVIRON
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_ENVIRON = re.compile(r"(?:^|\.)(?:os|posix|nt)\.(?:environb?|getenvb?|putenv|unsetenv)$")
"""``os.environ``, and that of the ``os`` which another module has imported (``shutil.os.environ``)."""
_BY_NAME = frozenset({"os.environ", "os.environb"})
_Use = ast.Attribute | ast.Subscript | ast.Call


def direct(module: Module, _settings: LintSettings) -> Iterator[Violation]:
    """Find every expression that is ``os.environ`` or calls one of its kin, one a line."""
    seen: set[int] = set()
    for node, scope in module.walk(Trigger.ENVIRON):
        found = _environ_use(node, scope)
        if found and isinstance(node, ast.expr) and node.lineno not in seen:
            seen.add(node.lineno)
            yield violation_at(node, DIRECT_ENVIRON, f"Test code uses {found} directly")


def _environ_use(node: ast.AST, scope: Scope) -> str:
    """Return what of ``os`` the node uses, or ``""``. Where it is given another name, that is the finding."""
    if isinstance(node, ast.Call) and is_patch_dict(node, scope) and _names_environ(node):
        return "os.environ"
    if isinstance(node, ast.Name):
        origin = dotted(node, scope, hops=0) if isinstance(node.ctx, ast.Load) else ""
    else:
        origin = dotted(node, scope) if isinstance(node, _Use) else ""
    return "os." + origin.rpartition(".")[2] if _ENVIRON.search(origin) else ""


def _names_environ(call: ast.Call) -> bool:
    """Whether ``patch.dict`` is given ``os.environ`` by name, as text."""
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Constant) and first.value in _BY_NAME
