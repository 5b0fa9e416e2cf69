"""Keeps pytest-rerunfailures, which our extra installs, from marks that mean something else to the host."""

from collections.abc import Iterable
from importlib.metadata import distribution

import pytest

_PLUGIN = "rerunfailures"
_OPTIONS = ("reruns", "force_reruns")
_ASKED_FOR = "REQUESTED"
"""What an installer writes beside a package that somebody named, and not beside one that came with another."""


def take_away_if_unasked(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Unregister the plugin where it came with our extra and no option or mark of the host speaks of reruns.

    It would run a test again that is marked ``flaky`` for another plugin, or for nobody.
    """
    if any(getattr(config.option, option, None) is not None for option in _OPTIONS) or config.getini("reruns"):
        return
    if distribution("pytest-rerunfailures").read_text(_ASKED_FOR) is not None:
        return
    marks = (mark for item in items for mark in item.iter_markers("flaky"))
    if not any(mark.args or "reruns" in mark.kwargs for mark in marks):
        config.pluginmanager.unregister(name=_PLUGIN)
