"""In pytest: which of its plugins link tests to one another, and what of that a process does not have."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ci_toolkit.model.record import escape_surrogates
from ci_toolkit.model.task import Linking
from ci_toolkit.suite.selection import address

_PLUGINS = {
    Linking.DEPENDENCY: ("dependency", "pytest_dependency"),
    Linking.DEPENDS: ("depends", "pytest_depends"),
    Linking.ORDER: ("pytest_order", "pytest_order.plugin", "pytest_ordering"),
}
"""The names under which each is registered: that of its entry point, and that of ``-p``."""
_WRITES_SNAPSHOTS = (
    "update_snapshots",  # syrupy
    "update_new_snapshots_only",
    "snapshot_update",  # pytest-snapshot, snapshottest
    "force_regen",  # pytest-regressions
    "regen_all",
    "inline_snapshot",
)
"""Options that let tests write the files that they are compared with."""
_WITHIN_A_FILE = ("module", "class")


def linking_of(config: pytest.Config) -> tuple[Linking, ...]:
    """Return how tests are linked in this suite, as far as plugins do it."""
    active = [kind for kind, names in _PLUGINS.items() if any(map(config.pluginmanager.has_plugin, names))]
    if Linking.ORDER in active and getattr(config.option, "order_scope", None) in _WITHIN_A_FILE:
        active[active.index(Linking.ORDER)] = Linking.ORDER_IN_FILE
    if any(getattr(config.option, option, None) for option in _WRITES_SNAPSHOTS):
        active.append(Linking.SNAPSHOTS)
    return tuple(active)


def imports_by_name(config: pytest.Config) -> bool:
    """Return whether this suite cannot have two files of one module name: so it is unless it uses ``importlib``."""
    return config.getoption("importmode", "prepend") in {"prepend", "append"}


def step_marks_of(plugins: Iterable[object]) -> tuple[str, ...]:
    """Return the names of marks by which ``plugins`` of the project itself make tests depend on those before them.

    It is the recipe "incremental testing" of pytest's documentation, under whatever name: one hook remembers on a
    class, or on another parent, that a test failed, and another hook asks for that before the next test. It stands in
    a conftest file, in a module that one names in ``pytest_plugins``, or in a class of either.
    """
    found: set[str] = set()
    for plugin in plugins:
        if all(hasattr(plugin, hook) for hook in _RECIPE):
            found.update(_marks_in(_source_of(plugin)))
    return tuple(sorted(found))


def _source_of(plugin: object) -> Path | None:
    """Return the file that ``plugin`` is written in, or None where that is not the project's own."""
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(type(plugin).__module__)
    file = getattr(module, "__file__", None)
    return Path(file) if file and not Path(file).is_relative_to(_INSTALLED) else None


def _marks_in(source: Path | None) -> Iterator[str]:
    if source is None or not source.is_file():
        return
    text = source.read_text(encoding="utf-8", errors="replace")
    if _REMEMBERS.search(text):
        yield from (match["keyword"] or match["mark"] for match in _MARK.finditer(text))


_INSTALLED = Path(pytest.__file__).parent.parent
"""Where plugins of others lie: what these link is known by name, and their sources speak of many marks."""
_RECIPE = ("pytest_runtest_makereport", "pytest_runtest_setup")
_REMEMBERS = re.compile(r"\bparent\b|\.cls\b|\bgetparent\b")
_MARK = re.compile(r"""["'](?P<keyword>\w+)["']\s+in\s+\w+\.keywords|get_closest_marker\(\s*["'](?P<mark>\w+)["']""")


class Dependencies:
    """What the tests of this process offer to and need of others, by the marks of pytest-dependency as they are now.

    A plan keeps together what it reads in the source. A conftest file can mark tests too.
    """

    def __init__(self, config: pytest.Config, items: Iterable[pytest.Item]) -> None:
        self._is_active = Linking.DEPENDENCY in linking_of(config)
        self._marks_all = self._is_active and bool(config.getini("automark_dependency"))
        self._needs_none = not self._is_active or bool(config.option.ignore_unknown_dependency)
        self._offered = {name for item in items for name in self.offered_by(item)}

    def offered_by(self, item: pytest.Item) -> Iterator[str]:
        """Yield the names under which others can depend on ``item``, each as it is in the whole session."""
        mark = item.get_closest_marker("dependency") if self._is_active else None
        if mark is None and not self._marks_all:
            return
        name = mark.kwargs.get("name") if mark is not None else None
        if name:
            yield from (scope + escape_surrogates(str(name)) for scope in _scopes(item).values())
        else:
            yield escape_surrogates(item.nodeid)

    def missing(self, item: pytest.Item) -> Iterator[str]:
        """Yield the names of what ``item`` depends on and no test of this process offers."""
        mark = None if self._needs_none else item.get_closest_marker("dependency")
        names = mark.kwargs.get("depends") if mark is not None else None
        if mark is None or not isinstance(names, list | tuple | set | frozenset):
            return
        scope = _scopes(item).get(mark.kwargs.get("scope", "module"), "")
        needed = {scope + escape_surrogates(str(name)) for name in names}
        yield from sorted(needed - self._offered)


def _scopes(item: pytest.Item) -> dict[str, str]:
    """Return what stands before the name of a test in each scope, seen from the whole session."""
    path, suffix = address(item)
    return {"session": "", "module": f"{path}::", "class": f"{path}::{suffix.partition('::')[0]}::"}
