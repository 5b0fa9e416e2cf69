"""Lets a file of mission-critical tests run alone: ``python tests/mission_critical/test_..._suite.py``.

At the end of such a file::

    if __name__ == "__main__":
        main()
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ci_toolkit.unified_test_runner import start


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the file that Python was started with, as ``ci-toolkit run --test-file`` would, and exit with the verdict.

    ``arguments`` (by default what follows the file) are further words of ``ci-toolkit run``. The file is judged like
    the whole suite: a mission-critical test that is skipped, expected to fail or deselected fails it.
    """
    script = Path(sys.argv[0]).resolve()
    given = sys.argv[1:] if arguments is None else arguments
    start(script, ["run", "--test-file", str(script), "--shards", "1", *given])
