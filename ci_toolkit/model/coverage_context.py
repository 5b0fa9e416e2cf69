"""Contexts of coverage: to whom measured lines are attributed, by a shard or by the suite itself."""

from collections.abc import Iterable

import msgspec

from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.quarantine import is_about

CATEGORY_PREFIX = "category:"
"""Begins the context of what one category's tests run."""
OF_OTHER_SHARDS = "(other shards)"
"""In place of a category: what a shard imports for its tests as files of other shards do, which counts for none."""
_APART = "ci-toolkit-apart:"
"""Begins, in a context of ours, the names of the tests to which it belongs."""
_BETWEEN = "|"
"""Stands between a context and another one within it, as coverage puts it behind a static one."""
_PHASES = frozenset({"setup", "run", "teardown"})
"""What pytest-cov's ``--cov-context=test`` puts behind a node id."""


def context_of(category: str, tests: tuple[str, ...] = ()) -> str:
    """Return the context of what tests of ``category`` run; ``""`` is that of no category.

    What belongs to ``tests``, whose coverage is kept apart, has one of its own within that.
    """
    of_category = CATEGORY_PREFIX + category if category else ""
    if not tests:
        return of_category
    apart = _APART + msgspec.json.encode(tests).decode()
    return f"{of_category}{_BETWEEN}{apart}" if of_category else apart


def without_tests(context: str) -> str:
    """Return what ``context`` would be if no test were kept apart."""
    rest, found, _ = context.partition(_APART)
    return rest.removesuffix(_BETWEEN) if found else context


def owners_of(context: str, tests: Iterable[str], *, static: str = "") -> frozenset[str]:
    """Return those of ``tests`` to which ``context`` belongs; none where it is that of other tests, or of no test.

    The contexts of a suite that switches them itself name tests, too: pytest-cov's by the node id and the phase, and
    coverage's by module and function. Each stands behind the ``static`` one of its settings.
    """
    _, found, names = context.partition(_APART)
    if found:
        return frozenset(_decoded(names)).intersection(tests)
    context = context.removeprefix(static + _BETWEEN) if static else context
    return frozenset(test for test in tests if _is_of(context, test))


def _decoded(names: str) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(names, type=tuple[str, ...])
    except msgspec.DecodeError:  # a bundle is a stranger's
        return ()


def _is_of(context: str, test: str) -> bool:
    node_id, _, phase = context.rpartition(_BETWEEN)
    if phase in _PHASES:
        return is_about(test, node_id)
    return "." in context and f".{_dotted(test)}".endswith(f".{context}")


def _dotted(test: str) -> str:
    """Return ``test`` as coverage's ``dynamic_context = test_function`` names it, which knows no parameters.

    How much of the path is in the name of its module depends on the folder from which pytest imports it: here it is
    all of it.
    """
    path, suffix = split_node_id(test)
    return f"{path.removesuffix('.py')}/{suffix}".replace("::", ".").replace("/", ".")
