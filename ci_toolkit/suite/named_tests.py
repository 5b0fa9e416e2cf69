"""In pytest: the tests that a plan names, which run alone or before the others."""

from collections.abc import Collection, Iterable

import pytest

from ci_toolkit.model.record import escape_surrogates


class NamedTests:
    """Finds tests by their node id, or that of the class or file that they are in."""

    def __init__(self, only: Collection[str], first: Collection[str]) -> None:
        self._only = frozenset(only)
        self._first = frozenset(first)

    def left_out(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Take what is not named out of ``items`` and return it; nothing, where no test is named."""
        if not self._only:
            return []
        dropped = [item for item in items if not _is_named(item, self._only)]
        items[:] = [item for item in items if _is_named(item, self._only)]
        return dropped

    def put_first(self, items: list[pytest.Item]) -> None:
        """Put what is to run first before the others, both in the order that they have."""
        if self._first:
            items.sort(key=lambda item: not _is_named(item, self._first))


def in_order(items: Iterable[pytest.Item], order: Iterable[str]) -> list[pytest.Item]:
    """Return those of ``items`` whose node ids are in ``order``, as they stand there."""
    places = {node_id: place for place, node_id in enumerate(order)}
    found = [(places.get(escape_surrogates(item.nodeid)), item) for item in items]
    return [item for _, item in sorted(((p, i) for p, i in found if p is not None), key=lambda pair: pair[0])]


def _is_named(item: pytest.Item, names: Collection[str]) -> bool:
    return any(escape_surrogates(node.nodeid) in names for node in item.iter_parents())
