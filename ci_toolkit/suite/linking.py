"""In pytest: which of its plugins link tests to one another."""

import pytest

from ci_toolkit.model.task import Linking

_PLUGINS = {
    Linking.DEPENDENCY: ("dependency", "pytest_dependency"),
    Linking.DEPENDS: ("depends", "pytest_depends"),
    Linking.ORDER: ("pytest_order", "pytest_order.plugin", "pytest_ordering"),
}
"""The names under which each is registered: that of its entry point, and that of ``-p``."""
_WITHIN_A_FILE = ("module", "class")


def linking_of(config: pytest.Config) -> tuple[Linking, ...]:
    """Return how tests are linked in this suite, as far as plugins do it."""
    active = [kind for kind, names in _PLUGINS.items() if any(map(config.pluginmanager.has_plugin, names))]
    if Linking.ORDER in active and getattr(config.option, "order_scope", None) in _WITHIN_A_FILE:
        active[active.index(Linking.ORDER)] = Linking.ORDER_IN_FILE
    return tuple(active)
