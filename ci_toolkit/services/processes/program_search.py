"""Where the programs of the table are looked for: on the PATH, and beside the Python that runs us."""

import os
import sys
from collections.abc import Mapping


def program_search_path(environment: Mapping[str, str]) -> str:
    """Return the PATH of ``environment`` with the folder of our own Python first, unless it names that already.

    Who calls ``.venv/bin/ci-toolkit`` or ``.venv/bin/pytest`` by its path means the ``python`` and the ``alembic``
    beside it, as if the virtual environment were activated.
    """
    own = os.path.dirname(sys.executable)  # noqa: PTH120 (a PATH is text)
    path = environment.get("PATH", os.defpath)
    return path if own in path.split(os.pathsep) else os.pathsep.join(filter(None, (own, path)))
