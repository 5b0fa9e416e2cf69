"""One Python file of a suite as the rules see it: tests, fixtures, classes and markers, read without importing it."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial

from ci_toolkit.lint.bindings import FunctionNode, arguments_of
from ci_toolkit.lint.comments import comments_of
from ci_toolkit.lint.names import Scope, dotted, walk
from ci_toolkit.lint.triggers import Trigger, TriggerLines

_SETUP_NAMES = frozenset(
    {
        *("setUp", "tearDown", "setUpClass", "tearDownClass", "asyncSetUp", "asyncTearDown", "setUpTestData"),
        *("setup_method", "teardown_method", "setup_class", "teardown_class", "setup_function", "teardown_function"),
        *("setup_module", "teardown_module", "setUpModule", "tearDownModule"),
    }
)


class Kind(Enum):
    """What a function is to the test runner."""

    TEST = "test"
    FIXTURE = "fixture"
    SETUP = "setup"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A ``pytest.mark.<name>``, bare or called."""

    name: str
    node: ast.expr
    """Where it is put."""
    call: ast.Call | None
    """The call with its arguments: there, or where the module gives the marker a name of its own."""

    def keyword(self, name: str) -> ast.expr | None:
        """Return the keyword argument ``name``."""
        keywords = self.call.keywords if self.call else []
        return next((keyword.value for keyword in keywords if keyword.arg == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestClass:
    """A class of the module. ``marks`` holds its own and those of its bases in the same file."""

    __test__ = False  # not for pytest, whatever the name

    node: ast.ClassDef
    name: str
    scope: Scope
    marks: tuple[Mark, ...]
    holds_tests: bool
    is_unittest: bool
    bases: tuple[str, ...]
    """The last word of each base, as written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the module or of one of its classes; functions inside functions belong to these."""

    node: FunctionNode
    qualname: str
    kind: Kind
    scope: Scope
    """The scope that the function stands in."""
    owner: TestClass | None
    own_marks: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    """Own, class and module marks together."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, ``self`` and ``cls`` left out."""
        names = (arg.arg for arg in arguments_of(self.node.args))
        return tuple(name for name in names if name not in {"self", "cls"})

    @property
    def body_scope(self) -> Scope:
        """The scope inside the function."""
        return Scope(self.node, self.scope)


@dataclass(slots=True)
class _Reading:
    classes: dict[str, TestClass] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)


class Module:
    """A parsed file. ``path`` is the path to print; ``directory`` is its folder below the project's root."""

    def __init__(self, *, path: str, directory: str, source: bytes, tree: ast.Module, triggers: TriggerLines) -> None:
        self.path = path
        self.name = path.rsplit("/", 1)[-1]
        self.directory = directory
        self.source = source
        self.tree = tree
        self.scope = Scope(tree)
        self.triggers = triggers

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """The module's ``pytestmark``."""
        return tuple(self._pytestmark(self.tree.body, self.scope))

    @cached_property
    def _reading(self) -> _Reading:
        reading = _Reading()
        self._read(self.tree.body, self.scope, None, reading)
        return reading

    @property
    def classes(self) -> Iterable[TestClass]:
        """Every class, nested ones too, in source order."""
        return self._reading.classes.values()

    @property
    def functions(self) -> list[Function]:
        """Every function at module or class level, in source order."""
        return self._reading.functions

    @cached_property
    def tests(self) -> list[Function]:
        """The functions that a test runner would call."""
        return [function for function in self.functions if function.kind is Kind.TEST]

    @cached_property
    def docstring(self) -> ast.Expr | None:
        """The statement that is the module's docstring."""
        first = self.tree.body[0] if self.tree.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return first
        return None

    @cached_property
    def comments(self) -> dict[int, str]:
        """Line number to comment, read with the tokenizer; asked for only where a rule needs comments."""
        return comments_of(self.source)

    def walk(self, trigger: Trigger) -> Iterator[tuple[ast.AST, Scope]]:
        """Yield what the statements that hold ``trigger`` are made of, each node with its scope."""
        wanted = partial(self.triggers.touch, trigger)
        for statement in self.tree.body if self.triggers.of(trigger) else ():
            yield from walk(statement, self.scope, wanted)

    def walk_function(self, function: Function, trigger: Trigger) -> Iterator[tuple[ast.AST, Scope]]:
        """Yield the same of one function, its decorators included."""
        return walk(function.node, function.scope, partial(self.triggers.touch, trigger))

    def functions_with(self, trigger: Trigger) -> Iterator[Function]:
        """Yield the functions whose lines, decorators included, hold ``trigger``."""
        if not self.triggers.of(trigger):
            return iter(())
        return (function for function in self.functions if self.triggers.touch(trigger, function.node))

    def _read(self, body: Iterable[ast.stmt], scope: Scope, owner: TestClass | None, into: _Reading) -> None:
        pending = list(reversed(list(body)))
        while pending:
            node = pending.pop()
            if isinstance(node, FunctionNode):
                into.functions.append(self._function(node, scope, owner))
            elif isinstance(node, ast.ClassDef):
                made = self._class(node, scope, owner, into.classes)
                into.classes[made.name] = made
                self._read(node.body, made.scope, made, into)
            elif isinstance(node, ast.If | ast.Try | ast.With):
                inner = (*node.body, *getattr(node, "orelse", ()), *getattr(node, "finalbody", ()))
                pending.extend(reversed(inner))

    def _class(
        self, node: ast.ClassDef, scope: Scope, owner: TestClass | None, known: dict[str, TestClass]
    ) -> TestClass:
        origins = [dotted(base, scope) for base in node.bases]
        names = tuple(base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases)
        parents = [known[name] for name in names if name in known]
        is_unittest = any(name.endswith("TestCase") for name in names) or any(p.is_unittest for p in parents)
        is_unittest = is_unittest or any(origin.startswith("unittest.") for origin in origins)
        inner = Scope(node, scope)
        has_init = any(isinstance(item, FunctionNode) and item.name == "__init__" for item in node.body)
        inherited = [mark for parent in parents for mark in parent.marks]
        marks = (*self._decorating(node, scope), *self._pytestmark(node.body, inner), *inherited)
        return TestClass(
            node=node,
            name=f"{owner.name}.{node.name}" if owner else node.name,
            scope=inner,
            marks=(*marks, *(owner.marks if owner else ())),
            holds_tests=is_unittest or (node.name.startswith("Test") and not has_init),
            is_unittest=is_unittest,
            bases=names,
        )

    def _function(self, node: FunctionNode, scope: Scope, owner: TestClass | None) -> Function:
        own = tuple(self._decorating(node, scope))
        return Function(
            node=node,
            qualname=f"{owner.name}.{node.name}" if owner else node.name,
            kind=_kind(node, scope, owner),
            scope=scope,
            owner=owner,
            own_marks=own,
            marks=(*own, *(owner.marks if owner else ()), *self.marks),
        )

    def _decorating(self, node: FunctionNode | ast.ClassDef, scope: Scope) -> Iterator[Mark]:
        for decorator in node.decorator_list:
            yield from self._mark(decorator, scope)

    def _pytestmark(self, body: Iterable[ast.stmt], scope: Scope) -> Iterator[Mark]:
        for statement in body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
                continue
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets):
                value = statement.value
                items = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
                for item in items:
                    yield from self._mark(item, scope)

    def _mark(self, node: ast.expr, scope: Scope) -> Iterator[Mark]:
        written = mark_of(node, scope)
        call = node if isinstance(node, ast.Call) else None
        target = call.func if call else node
        if written:
            yield written
        elif isinstance(target, ast.Name) and (named := self._named_marks.get(target.id)):
            yield Mark(name=named.name, node=node, call=call or named.call)

    @cached_property
    def _named_marks(self) -> dict[str, Mark]:
        """Markers that the module gives a name of its own: ``slow = pytest.mark.slow``."""
        found: dict[str, Mark] = {}
        for statement in self.tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if mark := mark_of(value, self.scope):
                    found[name] = mark
        return found


def mark_of(node: ast.expr, scope: Scope) -> Mark | None:
    """Return the marker if ``node`` is ``pytest.mark.<name>``, called or not."""
    call = node if isinstance(node, ast.Call) else None
    target = call.func if call else node
    origin = dotted(target, scope) if isinstance(target, ast.Attribute) else ""
    if not origin.startswith("pytest.mark."):
        return None
    return Mark(name=origin.split(".")[2], node=node, call=call)


def _kind(node: FunctionNode, scope: Scope, owner: TestClass | None) -> Kind:
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if dotted(target, scope).endswith(".fixture"):
            return Kind.FIXTURE
    if node.name in _SETUP_NAMES:
        return Kind.SETUP
    if node.name.startswith("test") and (owner is None or owner.holds_tests):
        return Kind.TEST
    return Kind.OTHER
