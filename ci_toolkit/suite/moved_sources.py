"""In pytest: a trial of the base imports the base's sources, where the project is installed from the checkout."""

import os
import sys
from pathlib import Path

from ci_toolkit.suite.sources import executed_sources

_EDITABLE_FINDERS = "editable"


def lead_to_the_base(checkout: str, base: str) -> None:
    """Let each place of ``sys.path`` that lies in the ``checkout`` lead to the same place in the work tree ``base``.

    An editable installation names such places. Where one uses a finder of its own instead, the usual places of
    sources come before it.
    """
    sys.path[:] = [_moved(place, checkout, base) for place in sys.path]
    if any(_EDITABLE_FINDERS in _name_of(finder).lower() for finder in sys.meta_path):
        usual = (str(Path(base, "src")), base)
        sys.path[:0] = [place for place in usual if place not in sys.path and Path(place).is_dir()]


def sources_of_the_checkout(checkout: str, since: float) -> list[tuple[str, str]]:
    """Return what was imported from the ``checkout`` all the same, by absolute path, with its digest."""
    files = executed_sources(checkout, since).files
    return [(f"{checkout}/{path}", digest) for path, digest in files]


def _moved(place: str, checkout: str, base: str) -> str:
    inside = place == checkout or place.startswith(f"{checkout}{os.sep}")
    return base + place.removeprefix(checkout) if inside and "site-packages" not in place else place


def _name_of(finder: object) -> str:
    kind = finder if isinstance(finder, type) else type(finder)
    return f"{kind.__module__}.{kind.__qualname__}"
