"""Environment variables that this process has for a while, and then again what it had before."""

import os
from collections.abc import Mapping


class LentVariables:
    """Sets variables of this process, and takes them back."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}

    def lend(self, variables: Mapping[str, str | None]) -> None:
        """Set ``variables``, or remove one whose value is None. What they were at first is kept."""
        for name, value in variables.items():
            self._before.setdefault(name, os.environ.get(name))
            _put(name, value)

    def take_back(self) -> None:
        """Make all that was lent what it was at first."""
        for name, value in self._before.items():
            _put(name, value)
        self._before.clear()


def _put(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
