"""The environment of a trial in a work tree: what names places of the checkout names those of the tree."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ci_toolkit.suite.moved_places import moved_place

_STAYS = frozenset({"HOME", "VIRTUAL_ENV"})
"""Where a user's packages and settings are, whatever else is a part of these folders."""


def moved_variables(environment: Mapping[str, str], checkout: Path, tree: Path) -> Iterator[tuple[str, str]]:
    """Yield each variable of ``environment`` that names something in ``checkout`` which ``tree`` has too, moved there.

    Tests find their data or their sources by such variables (``PWD``, ``GITHUB_WORKSPACE``), and would find those of
    the checkout. Both folders are absolute, without links.
    """
    for name, value in environment.items():
        moved = os.pathsep.join(_moved(part, checkout, tree) for part in value.split(os.pathsep))
        if moved != value and name not in _STAYS:
            yield name, moved


def _moved(place: str, checkout: Path, tree: Path) -> str:
    there = moved_place(place, str(checkout), str(tree)) if place.startswith(os.sep) else None
    return there if there is not None and Path(there).exists() else place
