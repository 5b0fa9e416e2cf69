"""In pytest: a trial in a work tree imports the sources there, where the project is installed from the checkout."""

import os
import sys
import sysconfig
from pathlib import Path

from ci_toolkit.suite.moved_places import is_in, moved_place
from ci_toolkit.suite.sources import executed_sources

_EDITABLE_FINDERS = "editable"
_SEARCH_PATH = "PYTHONPATH"
PYTHONS_OWN = tuple(os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
"""Where the modules of Python itself are."""


def lead_to_the_tree(checkout: str, tree: str) -> None:
    """Let each place of ``sys.path`` that lies in the ``checkout`` lead to the same place in the work tree ``tree``.

    An editable installation names such places. Where one uses a finder of its own instead, the usual places of
    sources come before it. Processes that the tests start look there first as well.
    """
    moved = [_moved(place, checkout, tree) for place in sys.path]
    first: list[str] = []
    if any(_EDITABLE_FINDERS in _name_of(finder).lower() for finder in sys.meta_path):
        usual = (str(Path(tree, "src")), tree)
        first = [place for place in usual if place not in moved and Path(place).is_dir()]
    led = [place for place, before in zip(moved, sys.path, strict=True) if place != before]
    named = [_moved(place, checkout, tree) for place in os.environ.get(_SEARCH_PATH, "").split(os.pathsep) if place]
    sys.path[:] = [*first, *moved]
    if first or led or named:
        os.environ[_SEARCH_PATH] = os.pathsep.join(dict.fromkeys((*named, *first, *led)))


def sources_of_the_checkout(checkout: str, tree: str, since: float) -> list[tuple[str, str]]:
    """Return what was imported from the ``checkout`` all the same, by absolute path, with its digest."""
    files = ((f"{checkout}/{path}", digest) for path, digest in executed_sources(checkout, since).files)
    return [(path, digest) for path, digest in files if not is_in(path, tree)]


def _moved(place: str, checkout: str, tree: str) -> str:
    if not Path(place).is_absolute() or _is_pythons_own(os.path.realpath(place)):
        return place
    return moved_place(place, checkout, tree) or place


def _is_pythons_own(place: str) -> bool:
    # An environment with a library of its own, as conda makes them, may lie in the checkout too.
    return "site-packages" in place or any(is_in(place, folder) for folder in PYTHONS_OWN)


def _name_of(finder: object) -> str:
    kind = finder if isinstance(finder, type) else type(finder)
    return f"{kind.__module__}.{kind.__qualname__}"
