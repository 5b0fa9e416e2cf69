"""The marker that says how a test's writes to the database are undone."""

import pytest

from ci_toolkit.config.project import nearest
from ci_toolkit.isolation.mode import IsolationMode


def mode_of(item: pytest.Item) -> IsolationMode:
    """Return how the test's writes are undone, from its marker; commits are commits where it has none."""
    marker = item.get_closest_marker("isolation")
    if marker is None:
        return IsolationMode.TRUNCATE
    words = [*marker.args, *marker.kwargs.values()]
    if len(words) == 1 and words[0] in list(IsolationMode):
        return IsolationMode(words[0])
    said = ", ".join(map(repr, words)) or "nothing"
    pytest.fail(
        f"@pytest.mark.isolation of {item.nodeid} says {said}\n"
        f"  {nearest(str(words[0]) if words else '', list(IsolationMode), 'ways')}",
        pytrace=False,
    )
