"""Finds out whether tests import a copy of the checkout that is installed, wherever they are run."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ci_toolkit.suite.work_tree import NoWorkTreeError, git_output

_SITES = frozenset({"site-packages", "dist-packages"})


def refuse_installed_copy(checkout: Path, search_path: Sequence[str] = sys.path) -> None:
    """Raise NoWorkTreeError where a package of ``checkout`` is installed, and not as an editable one.

    Tests in a work tree of another commit would import it too, and say nothing of that commit. ``search_path`` is
    where Python looks for modules.
    """
    for site in dict.fromkeys(search_path):
        if Path(site).name in _SITES:
            for tracked, installed in _namesakes(checkout, Path(site)):
                if _is_copy(tracked, installed):
                    raise NoWorkTreeError(
                        f"its tests would import what is installed of the checkout ({installed}); install it by "
                        "`pip install -e`"
                    )


def _namesakes(checkout: Path, site: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each tracked module with the file in ``site`` that has the same full name, if there is one."""
    try:
        there = frozenset(path.name for path in site.iterdir())
    except OSError:
        return
    names = set(filter(None, git_output(checkout, "ls-files", "-z", "--", "*.py").split("\0")))
    for name in sorted(names):
        parts = name.split("/")
        for at, part in enumerate(parts):
            # What lies in a package has a longer name: `a/types.py` is no module `types`.
            if part in there and "/".join((*parts[:at], "__init__.py")) not in names:
                yield checkout / name, site.joinpath(*parts[at:])


def _is_copy(tracked: Path, installed: Path) -> bool:
    with contextlib.suppress(OSError):
        content = installed.read_bytes()  # many a package has an empty file, and a folder of tests beside it
        return bool(content.strip()) and content == tracked.read_bytes()
    return False
