"""How soon the first event comes when 200 users of examples/netra talk at once, and whether each sees a whole answer.

    python benchmarks/conversations.py
    python benchmarks/conversations.py --conversations 50 --rounds 3

Runs the example's own benchmark, which says what it holds: examples/netra/benchmarks/conversations.py.
"""

import os
import subprocess
import sys
from pathlib import Path

NETRA = Path(__file__).parents[1] / "examples/netra"


def main() -> int:
    """Return the exit code of the example's benchmark."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "benchmarks.conversations", *sys.argv[1:]]
    return subprocess.run(command, cwd=NETRA, env={**os.environ, "PATH": programs}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
