"""The guide's ``python tests/unified_test_runner.py``: the words of ``ci-toolkit run``, from any folder.

A project's own ``tests/unified_test_runner.py`` is written by ``ci-toolkit new runner``.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ci_toolkit.config.project import project_root


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run ``ci-toolkit run`` with ``arguments`` (by default this script's) in the script's project."""
    start(Path(sys.argv[0]), ["run", *(sys.argv[1:] if arguments is None else arguments)])


def start(script: Path, arguments: Sequence[str]) -> NoReturn:
    """Become ``ci-toolkit ARGUMENTS`` in the project of ``script``: the same process, so signals and codes are its own.

    ``-P`` keeps the script's folder off ``sys.path``, where a test helper could shadow a library.
    """
    os.chdir(project_root(script.resolve()))
    os.execv(sys.executable, [sys.executable, "-P", "-m", "ci_toolkit", *arguments])  # noqa: S606 (no shell is meant)
